import Testing

@testable import Interchange

/// Names of weights that are many or alike.
@Suite struct HostileNamesTests {
  @Test(arguments: [
    (["dense/kernel:0", "dense/bias:0"], ["kernel", "bias"]),
    (["a/kernel", "b/kernel"], ["a/kernel", "b/kernel"]),
    (["kernel", "a/kernel"], ["kernel", "a/kernel"]),
    (["x/a/k", "y/a/k", "z/b/k"], ["x/a/k", "y/a/k", "b/k"]),
    (["k", "k"], ["k", "k"]), (["", "/"], ["", ""]), (["a//k:0"], ["k"]), ([], []),
  ])
  func theShortestEndThatTellsNamesApartIsTaken(names: [String], ends: [String]) {
    #expect(LegacyBinder.shortNames(names) == ends)
  }

  @Test(.timeLimit(.minutes(1))) func manyNamesThatEndAlikeTakeNoLongerThanTheyAreMany() {
    let names = (0..<50_000).map { "a\($0)/kernel:0" }
    #expect(LegacyBinder.shortNames(names).last == "a49999/kernel")
  }

  @Test(.timeLimit(.minutes(1))) func longNamesThatEndAlikeTakeNoLongerThanTheyAreLong() {
    let end = String(repeating: "/g", count: 30_000)
    #expect(LegacyBinder.shortNames(["a" + end, "b" + end]) == ["a" + end, "b" + end])
  }
}
