import Archives
import Foundation

/// The names in one folder, sorted, so that nothing depends on the file system's order.
struct Folder: Sendable {
  let path: String
  let files: [String]
  let folders: [String]
  /// Why the folder could not be listed; it has no names then.
  let failure: DatasetError?

  /// Lists a folder.
  init(_ path: String) {
    self.path = path
    var listed: [String] = []
    var failure: DatasetError?
    // The handle is closed before this block ends, and read by this thread alone.
    if let handle = unsafe opendir(path) {
      errno = 0
      while let entry = unsafe readdir(handle) {
        // d_name is a stored field; its NUL-terminated text lives until the next call, and the
        // record may end with it, before the declared 256 bytes.
        let name = unsafe UnsafeRawPointer(entry)
          .advanced(by: MemoryLayout<dirent>.offset(of: \.d_name)!)
        listed.append(unsafe String(cString: name.assumingMemoryBound(to: CChar.self)))
        errno = 0
      }
      // A name must not be missing in silence.
      if errno != 0 {
        failure = DatasetError(systemError("list", at: path))
        listed = []
      }
      unsafe closedir(handle)
    } else {
      failure = DatasetError(systemError("list", at: path))
    }
    self.failure = failure
    let names = listed.filter { !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var files: [String] = []
    var folders: [String] = []
    for name in names {
      if Folder.isFolder("\(path)/\(name)") { folders.append(name) } else { files.append(name) }
    }
    self.files = files
    self.folders = folders
  }

  /// Lists the folder that a file lies in.
  init(containing path: String) {
    let parent = (path as NSString).deletingLastPathComponent
    self.init(parent.isEmpty ? "." : parent)
  }

  /// The path of something in the folder.
  func path(of name: String) -> String {
    path == "." ? name : path.hasSuffix("/") ? path + name : "\(path)/\(name)"
  }

  /// The folder's own name.
  var name: String { Folder.lastComponent(of: path) }

  static func lastComponent(of path: String) -> String {
    let name = (path as NSString).lastPathComponent
    if name == "." || name == ".." {
      return URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    }
    return name
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    return exists && isFolder.boolValue
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
