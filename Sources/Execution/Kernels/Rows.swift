/// Loops over whole rows: the forms that the compiler turns into vector code with checks on.
extension MutableSpan<Float> {
  /// self ← value.
  @inline(__always)
  mutating func fill(_ value: Float) {
    for index in indices { self[index] = value }
  }

  /// self ← other.
  @inline(__always)
  mutating func copy(_ other: Span<Float>) {
    let other = other.extracting(0..<count)
    for index in indices { self[index] = other[index] }
  }

  /// self ← self + other.
  @inline(__always)
  mutating func add(_ other: Span<Float>) {
    let other = other.extracting(0..<count)
    for index in indices { self[index] += other[index] }
  }

  /// self ← self · factor.
  @inline(__always)
  mutating func scale(_ factor: Float) {
    for index in indices { self[index] *= factor }
  }

  /// self ← self + factor · other.
  @inline(__always)
  mutating func add(_ other: Span<Float>, times factor: Float) {
    let other = other.extracting(0..<count)
    for index in indices { self[index] += factor * other[index] }
  }

  /// self ← self + left · right, elementwise.
  @inline(__always)
  mutating func addProduct(_ left: Span<Float>, _ right: Span<Float>) {
    let left = left.extracting(0..<count)
    let right = right.extracting(0..<count)
    for index in indices { self[index] += left[index] * right[index] }
  }

  /// self ← self · other, elementwise.
  @inline(__always)
  mutating func multiply(_ other: Span<Float>) {
    let other = other.extracting(0..<count)
    for index in indices { self[index] *= other[index] }
  }

  /// Adds one row to every row.
  @inline(__always)
  mutating func addToRows(_ row: Span<Float>) {
    var start = 0
    while start < count {
      var part = self._mutatingExtracting(start..<start + row.count)
      for index in part.indices { part[index] += row[index] }
      start += row.count
    }
  }

  /// Adds one row to every row, and replaces what is negative by 0.
  @inline(__always)
  mutating func addToRowsAndClip(_ row: Span<Float>) {
    var start = 0
    while start < count {
      var part = self._mutatingExtracting(start..<start + row.count)
      for index in part.indices {
        let value = part[index] + row[index]
        part[index] = value > 0 ? value : 0
      }
      start += row.count
    }
  }

  /// Multiplies every row by one row and adds another.
  @inline(__always)
  mutating func multiplyAndAddToRows(_ scale: Span<Float>, _ shift: Span<Float>) {
    let shift = shift.extracting(0..<scale.count)
    var start = 0
    while start < count {
      var part = self._mutatingExtracting(start..<start + scale.count)
      for index in part.indices { part[index] = part[index] * scale[index] + shift[index] }
      start += scale.count
    }
  }

  /// Multiplies every row by one row.
  @inline(__always)
  mutating func multiplyRows(_ row: Span<Float>) {
    var start = 0
    while start < count {
      var part = self._mutatingExtracting(start..<start + row.count)
      for index in part.indices { part[index] *= row[index] }
      start += row.count
    }
  }

  /// Adds the sum of all rows, each of this span's length.
  @inline(__always)
  mutating func addColumnSums(_ rows: Span<Float>) {
    var start = 0
    while start < rows.count {
      let row = rows.extracting(start..<start + count)
      for index in indices { self[index] += row[index] }
      start += count
    }
  }
}

/// Σ left · right, in eight lanes.
@inline(__always)
func dot(_ left: Span<Float>, _ right: Span<Float>) -> Float {
  let right = right.extracting(0..<left.count)
  var lanes = SIMD8<Float>.zero
  var index = 0
  while index + 8 <= left.count {
    var a = SIMD8<Float>.zero
    var b = SIMD8<Float>.zero
    for lane in 0..<8 {
      a[lane] = left[index + lane]
      b[lane] = right[index + lane]
    }
    lanes += a * b
    index += 8
  }
  var sum = lanes.sum()
  while index < left.count {
    sum += left[index] * right[index]
    index += 1
  }
  return sum
}

/// Σ values, in eight lanes.
@inline(__always)
func total(_ values: Span<Float>) -> Float {
  var lanes = SIMD8<Float>.zero
  var index = 0
  while index + 8 <= values.count {
    for lane in 0..<8 { lanes[lane] += values[index + lane] }
    index += 8
  }
  var sum = lanes.sum()
  while index < values.count {
    sum += values[index]
    index += 1
  }
  return sum
}
