import LinearAlgebra
import Testing

@Suite struct BLASThreadsTests {
  @Test func theSmallestOpenScopeHoldsAndTheBaseReturns() {
    var setting = BLASThreads.Setting(base: 8)
    setting.enter(4)
    setting.enter(2)
    #expect(setting.effective == 2)
    setting.base = 6
    #expect(setting.effective == 2)
    setting.enter(2)
    setting.leave(2)
    #expect(setting.effective == 2)
    setting.leave(2)
    #expect(setting.effective == 4)
    setting.leave(4)
    #expect(setting.effective == 6)
  }

  @Test func overlappingScopesAllHold() async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          await BLASThreads.scoped(1) {
            #expect(BLASThreads.current == 1)
            await Task.yield()
            #expect(BLASThreads.current == 1)
          }
        }
      }
    }
  }

  @Test func aNestedScopeCannotRaiseTheCount() {
    BLASThreads.scoped(1) {
      BLASThreads.scoped(2) { #expect(BLASThreads.current == 1) }
    }
  }

  @Test func aScopeReturnsTheValueAndPassesTheErrorOn() {
    struct Failure: Error, Equatable {}
    #expect(BLASThreads.scoped(1) { 7 } == 7)
    #expect(throws: Failure()) { try BLASThreads.scoped(1) { throw Failure() } }
  }

  @Test func theLibraryHasAVersionAndACore() {
    #expect(BLASLibrary.version.contains(/^[0-9]+[.][0-9]+/))
    #expect(!BLASLibrary.coreName.isEmpty)
  }
}
