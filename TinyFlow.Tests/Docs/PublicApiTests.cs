using TinyFlow.Autograd;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Tests.Docs;

/// <summary>
/// The public surface of the libraries is a file, so that a review sees each change of it. To write it anew:
/// <c>TINYFLOW_WRITE_PUBLIC_API=1 dotnet test --filter "FullyQualifiedName~PublicApi"</c>.
/// </summary>
[TestClass]
public sealed class PublicApiTests
{
    private const string Switch = "TINYFLOW_WRITE_PUBLIC_API";

    [TestMethod]
    public void The_public_surface_is_the_one_that_is_written_down()
    {
        string path = Repository.File("TinyFlow.Tests", "PublicApi.txt");
        string[] now = PublicApi.Describe(typeof(Tensor).Assembly, typeof(Tape).Assembly, typeof(FlowModel).Assembly);
        if (Environment.GetEnvironmentVariable(Switch) is "1")
        {
            File.WriteAllText(path, string.Join('\n', now) + "\n");
        }

        string[] written = File.ReadAllLines(path);
        string[] changes = [.. written.Except(now).Select(line => $"- {line}"), .. now.Except(written).Select(line => $"+ {line}")];
        Assert.IsEmpty(changes, $"The public surface has changed. If that is meant, run with {Switch}=1 and commit TinyFlow.Tests/PublicApi.txt:\n{string.Join('\n', changes)}\n");
        Assert.AreSequenceEqual(now, written);
    }
}
