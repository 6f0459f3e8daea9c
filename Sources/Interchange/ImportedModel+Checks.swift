public import Models

extension ImportedModel {
  /// The model, if the file held its graph.
  /// - Throws: an error that says what is missing and how to save the whole model.
  public func wholeModel(from path: String) throws -> Model {
    guard !isWeightsOnly else {
      throw KerasError(
        file: path, place: "model_config", problem: "no graph: the file holds weights only",
        advice: "in Keras, save the whole model with model.save('model.keras') and give that")
    }
    return model
  }

  /// Reads every value once and refuses what cannot be computed with: NaN, ∞, negative variances.
  ///
  /// Opening a file reads no values; whoever is about to use them all calls this first.
  /// Where `options` lets non-finite values through, they are not looked for.
  public func validateValues(from path: String, options: ReadOptions) throws {
    if options.allowsNonFinite { return }
    do {
      try model.validateValues()
    } catch let error as ModelError {
      throw KerasError(file: path, place: error.place, problem: error.reason)
    }
  }
}
