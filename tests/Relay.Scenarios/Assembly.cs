using Xunit.Sdk;
using Xunit.v3;

// Scenarios measure and kill processes. Two at once would disturb each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
