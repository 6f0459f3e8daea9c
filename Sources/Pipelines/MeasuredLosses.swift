import Compression
import Training

/// Collects what a search measured, by the weighting of the plans.
final class MeasuredLosses {
  private var best: [(weighting: Weighting, loss: Double, accuracy: Double?)] = []

  func add(_ weighting: Weighting, _ loss: Double, _ accuracy: Double?) {
    if let index = best.firstIndex(where: { $0.weighting == weighting }) {
      if loss < best[index].loss { best[index] = (weighting, loss, accuracy) }
    } else {
      best.append((weighting, loss, accuracy))
    }
  }

  func candidates(best loss: Double) -> [ScoredCandidate] {
    best.map {
      ScoredCandidate(
        weighting: $0.weighting, loss: $0.loss, accuracy: $0.accuracy, isChosen: $0.loss == loss)
    }
  }
}
