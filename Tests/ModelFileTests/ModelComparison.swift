import Models
import Tensors
import Testing

/// Expects two models to be the same, values bit by bit.
func expectSame(
  _ found: Model, _ expected: Model, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(found.name == expected.name, sourceLocation: sourceLocation)
  #expect(found.calls == expected.calls, sourceLocation: sourceLocation)
  #expect(found.inputs == expected.inputs, sourceLocation: sourceLocation)
  #expect(found.outputs == expected.outputs, sourceLocation: sourceLocation)
  #expect(found.metadata == expected.metadata, sourceLocation: sourceLocation)
  #expect(
    found.layers.map(\.path) == expected.layers.map(\.path), sourceLocation: sourceLocation)
  for (left, right) in zip(found.layers, expected.layers) {
    #expect(left.kind == right.kind, sourceLocation: sourceLocation)
    #expect(left.isTrainable == right.isTrainable, sourceLocation: sourceLocation)
    #expect(left.typePolicy == right.typePolicy, sourceLocation: sourceLocation)
    #expect(
      left.weights.map(\.name) == right.weights.map(\.name), sourceLocation: sourceLocation)
    for (one, other) in zip(left.weights, right.weights) {
      #expect(one.weight.kind == other.weight.kind, sourceLocation: sourceLocation)
      #expect(one.weight.denseShape == other.weight.denseShape, sourceLocation: sourceLocation)
      #expect(one.weight.record == other.weight.record, sourceLocation: sourceLocation)
      let parts = zip(one.weight.components, other.weight.components)
      #expect(
        one.weight.components.map(\.name) == other.weight.components.map(\.name),
        sourceLocation: sourceLocation)
      for (component, twin) in parts {
        let (a, b) = (component.parameter, twin.parameter)
        #expect(a.encoding == b.encoding, sourceLocation: sourceLocation)
        #expect(a.isMasked == b.isMasked, sourceLocation: sourceLocation)
        let (raw, wanted) = (try a.raw(), try b.raw())
        #expect(
          raw == wanted, "\(left.path)/\(one.name)/\(component.name)",
          sourceLocation: sourceLocation)
      }
    }
  }
}
