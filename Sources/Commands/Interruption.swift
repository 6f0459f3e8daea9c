import Foundation
import ModelFile
import Synchronization

/// Remembers that the user pressed Ctrl-C, so that work can end at a safe place.
enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// Whether Ctrl-C or SIGTERM came; a second one ends the process at once.
  static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// Catches SIGINT and SIGTERM from now on.
  static func watch() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Interruption.flag.exchange(true, ordering: .relaxed) {
          TemporaryOutput.unlinkAll()
          signal(number, SIG_DFL)
          raise(number)
        }
      }
    }
  }
}
