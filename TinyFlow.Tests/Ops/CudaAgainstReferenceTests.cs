using TinyFlow.Tests.Cuda;

namespace TinyFlow.Tests.Ops;

/// <summary>The GPU's backend against the specification.</summary>
[TestClass]
public sealed class CudaAgainstReferenceTests : AgainstReferenceTests
{
    private protected override IBackend Create() => Standin.Open(poison: true);
}
