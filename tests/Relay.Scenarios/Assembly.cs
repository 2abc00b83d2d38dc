using Xunit.Sdk;
using Xunit.v3;

// Each scenario measures or kills a process; two at once would measure each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
