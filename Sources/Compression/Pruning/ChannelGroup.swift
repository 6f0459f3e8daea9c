public import Models
import Programs
import Tensors

/// A layer whose outputs can be removed one by one, with all that depends on their number.
///
/// The outputs run through layers that treat channels alike (activations, pooling, batch
/// normalisation, Flatten …) into the kernels of other layers. Where a channel is seen by anything
/// else, such as an addition, a softmax or the model's output, the layer has no group.
public struct ChannelGroup: Sendable, Hashable {
  /// Where a removed channel leaves rows of a kernel out.
  struct Consumer: Sendable, Hashable {
    let layer: Int
    /// How often the channels repeat in the kernel's input index: positions of a flattened map.
    let repeats: Int
  }

  /// The path of the layer whose outputs are counted.
  public let path: String
  /// The number of outputs.
  public let count: Int
  let producer: Int
  /// Layers with one parameter a channel, such as batch normalisation.
  let perChannel: [Int]
  let consumers: [Consumer]
}

extension Model {
  /// The layers whose outputs can be removed, in layer order.
  public var channelGroups: [ChannelGroup] {
    let structure = structure()
    var readers = [[Int]](repeating: [], count: calls.count)
    for (index, call) in calls.enumerated() {
      for input in call.inputs { readers[input.call].append(index) }
    }
    let outputCalls = Set(outputs.map(\.call))
    return layers.indices.compactMap { layer -> ChannelGroup? in
      guard let count = prunableOutputs(of: layer) else { return nil }
      let ownCalls = calls.indices.filter { calls[$0].layer == layer }
      guard ownCalls.count == 1 else { return nil }
      var perChannel: [Int] = []
      var consumers: [ChannelGroup.Consumer] = []
      var open = [(call: ownCalls[0], repeats: 1)]
      while let (call, repeats) = open.popLast() {
        if outputCalls.contains(call) || readers[call].isEmpty { return nil }
        for reader in readers[call] {
          // A layer that is called twice depends on other channels, too.
          let target = calls[reader].layer
          guard calls.filter({ $0.layer == target }).count == 1 else { return nil }
          switch passage(through: target, from: structure.outputShapes[call], repeats: repeats) {
          case .through(let repeats): open.append((reader, repeats))
          case .perChannel:
            perChannel.append(target)
            open.append((reader, repeats))
          case .consumer: consumers.append(.init(layer: target, repeats: repeats))
          case .blocked: return nil
          }
        }
      }
      return ChannelGroup(
        path: layers[layer].path, count: count, producer: layer, perChannel: perChannel,
        consumers: consumers)
    }
  }

  private enum Passage {
    case through(repeats: Int)
    case perChannel
    case consumer
    case blocked
  }

  /// The outputs of a layer whose kernel and bias can lose some; nil for other layers.
  private func prunableOutputs(of layer: Int) -> Int? {
    switch layers[layer].kind {
    case .dense(let settings) where isElementwise(settings.activation): return settings.units
    case .convolution(let settings)
    where settings.groups == 1 && settings.window.dataFormat == .channelsLast
      && isElementwise(settings.activation):
      return settings.filters
    default: return nil
    }
  }

  private func isElementwise(_ function: ActivationFunction) -> Bool {
    if case .softmax = function { return false }
    return true
  }

  private func passage(through layer: Int, from shape: Shape?, repeats: Int) -> Passage {
    switch layers[layer].kind {
    case .activation(let settings):
      return isElementwise(settings.function) ? .through(repeats: repeats) : .blocked
    case .regularisation: return .through(repeats: repeats)
    case .pooling(let settings):
      return settings.window.dataFormat == .channelsLast ? .through(repeats: repeats) : .blocked
    case .globalPooling(let settings):
      return settings.dataFormat == .channelsLast ? .through(repeats: repeats) : .blocked
    case .bordering(let settings):
      return settings.dataFormat == .channelsLast ? .through(repeats: repeats) : .blocked
    case .batchNormalization(let settings):
      let isLast = settings.axis == -1 || settings.axis == shape?.order
      return isLast && repeats == 1 ? .perChannel : .blocked
    case .reshaping(.flatten(.channelsLast)):
      guard let shape else { return .blocked }
      return .through(repeats: repeats * shape.extents.dropLast().reduce(1, *))
    case .dense: return .consumer
    case .convolution(let settings):
      return settings.groups == 1 && settings.window.dataFormat == .channelsLast && repeats == 1
        ? .consumer : .blocked
    default: return .blocked
    }
  }
}
