/// The kinds of data sets that are read, recognised by content.
public enum DatasetKind: String, Sendable, Hashable, CaseIterable {
  /// IDX files of MNIST and its relatives, plain or gzip.
  case idx
  /// CIFAR-10's binary version.
  case cifar10 = "cifar-10"
  /// CIFAR-100's binary version.
  case cifar100 = "cifar-100"
  /// HDF5.
  case hdf5
  /// One or two NumPy arrays.
  case npy
  /// NumPy's archive of arrays.
  case npz
  /// A text table with a label column.
  case csv
  /// A folder of PNG and JPEG files, a sub-folder per class.
  case images
  /// Values in memory.
  case memory
}

/// A part of a data set.
public enum DatasetSplit: String, Sendable, Hashable, CaseIterable {
  /// What a model learns from.
  case train
  /// What choices are made on.
  case validation
  /// What results are reported on.
  case test
  /// A source without parts.
  case all
}
