using System.Text;

namespace TinyFlow.Cuda;

/// <summary>Our own kernels, as PTX in this assembly: which module holds which kernel, found once a process.</summary>
internal static class KernelImages
{
    private const string Prefix = "TinyFlow.Ptx.";

    private static readonly Lazy<Dictionary<string, string>> ModuleOfKernel = new(Index);

    /// <summary>The names of all kernels.</summary>
    public static IReadOnlyCollection<string> Kernels => ModuleOfKernel.Value.Keys;

    /// <summary>The name of the module that holds a kernel.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static string ModuleOf(string kernel) => ModuleOfKernel.Value.TryGetValue(kernel, out string? module)
        ? module
        : throw new InvalidOperationException($"No module holds a kernel '{kernel}'. Write it in native/kernels and run native/build-ptx.sh.");

    /// <summary>A module's PTX, with the zero byte behind it that the driver wants.</summary>
    public static byte[] Read(string module)
    {
        using Stream stream = typeof(KernelImages).Assembly.GetManifestResourceStream(Prefix + module)
            ?? throw new InvalidOperationException($"This build has no module '{module}'.");
        byte[] image = new byte[stream.Length + 1];
        stream.ReadExactly(image, 0, image.Length - 1);
        return image;
    }

    private static Dictionary<string, string> Index()
    {
        Dictionary<string, string> modules = [];
        foreach (string resource in typeof(KernelImages).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string module = resource[Prefix.Length..];
            foreach (string kernel in Entries(Encoding.ASCII.GetString(Read(module))))
            {
                modules.Add(kernel, module);
            }
        }

        return modules;
    }

    // ".visible .entry tf_fill(" declares the kernel tf_fill.
    private static IEnumerable<string> Entries(string ptx)
    {
        const string Declaration = ".entry ";
        for (int at = ptx.IndexOf(Declaration, StringComparison.Ordinal); at >= 0; at = ptx.IndexOf(Declaration, at, StringComparison.Ordinal))
        {
            at += Declaration.Length;
            yield return ptx[at..ptx.IndexOf('(', at)].Trim();
        }
    }
}
