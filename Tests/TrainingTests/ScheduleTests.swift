import Testing

@testable import Training

@Suite struct ScheduleTests {
  private func rates(_ schedule: LearningRateSchedule, _ steps: [Int]) -> [Double] {
    steps.map { schedule.rate(at: $0, of: 100, stepsPerEpoch: 10) }
  }

  @Test func constantStays() {
    #expect(rates(LearningRateSchedule(base: 0.1), [0, 50, 99]) == [0.1, 0.1, 0.1])
  }

  @Test func stepsDropAfterTheirEpochs() {
    let schedule = LearningRateSchedule(base: 1, shape: .step(epochs: 3, factor: 0.5))
    #expect(rates(schedule, [0, 29, 30, 59, 60, 90]) == [1, 1, 0.5, 0.5, 0.25, 0.125])
  }

  @Test func cosineFallsFromTheBaseToItsFloor() {
    let found = rates(LearningRateSchedule(base: 2, shape: .cosine(floor: 0.1)), [0, 50, 100])
    for (rate, expected) in zip(found, [2, 1.1, 0.2]) { #expect(abs(rate - expected) <= 1e-12) }
  }

  @Test func warmUpRisesToTheBase() {
    let schedule = LearningRateSchedule(base: 1, shape: .cosine(floor: 0), warmUpSteps: 4)
    #expect(rates(schedule, [0, 1, 2, 3, 4]) == [0.25, 0.5, 0.75, 1, 1])
  }
}
