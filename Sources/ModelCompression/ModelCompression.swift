// One import for other packages: reading, planning, compressing, running and writing models.

@_exported public import CSource
@_exported public import Compression
@_exported public import Datasets
@_exported public import Execution
@_exported public import Interchange
@_exported public import ModelFile
@_exported public import Models
@_exported public import Pipelines
@_exported public import Programs
@_exported public import Tensors
@_exported public import Training
