import Commands
import Foundation

exit(Modelc.run(arguments: Array(CommandLine.arguments.dropFirst())))
