public import HDF5

/// A second reading of the same container, such as the one that Keras loads.
///
/// A view adds attributes and groups beside the container's own and refers to stored tensors by
/// hard links, so that no byte is stored twice.
public protocol ContainerView: Sendable {
  /// Adds the view to a file whose tensors are written already.
  ///
  /// `tensorPath` gives the absolute path of a stored tensor: the layer's path, the weight's name
  /// within it and the component's name within the form, such as `left` or `values`.
  /// - Throws: what stops the view; nothing is then written at all.
  func write(
    to file: borrowing HDF5Writer,
    tensorPath: (_ layer: String, _ weight: String, _ component: String) -> String
  ) throws
}
