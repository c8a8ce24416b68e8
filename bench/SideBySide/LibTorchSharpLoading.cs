using System.Buffers.Binary;
using System.Text;

namespace Bench;

/// <summary>
/// Makes TorchSharp's library loadable on Linux systems with a libstdc++ older than GCC 13's. libLibTorchSharp.so asks
/// for the symbol versions GLIBCXX_3.4.31 and 3.4.32 only for a marker, _ZSt21ios_base_library_initv, that nothing
/// relocates against; these two needs are marked as weak (VER_FLG_WEAK) in the copy beside this program. No code
/// changes, and the package cache's own copy is left alone. ELF64 as in the System V gABI; the version records
/// (Elfxx_Verneed, Elfxx_Vernaux) as in the Linux Standard Base, "Symbol Versioning".
/// </summary>
internal static class LibTorchSharpLoading
{
    private const uint VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 2; // VER_FLG_WEAK

    /// <summary>Patches the copy beside the program, unless that is done or not needed.</summary>
    public static void Prepare()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
        if (!OperatingSystem.IsLinux() || !File.Exists(path))
        {
            return;
        }

        byte[] library = File.ReadAllBytes(path);
        if (!WeakenNewerNeeds(library))
        {
            return;
        }

        // Into place by a rename: another process may have the old copy open.
        string patched = path + ".patched";
        File.WriteAllBytes(patched, library);
        File.SetUnixFileMode(patched, File.GetUnixFileMode(path));
        File.Move(patched, path, overwrite: true);
    }

    private static bool WeakenNewerNeeds(Span<byte> elf)
    {
        int sections = Offset(elf, 40), sectionSize = Half(elf, 58), sectionCount = Half(elf, 60);
        bool changed = false;
        for (int i = 0; i < sectionCount; i++)
        {
            int section = sections + i * sectionSize;
            if (Word(elf, section + 4) == VersionNeeds)
            {
                int linked = sections + (int)Word(elf, section + 40) * sectionSize;
                changed |= WeakenIn(elf, need: Offset(elf, section + 24), names: Offset(elf, linked + 24));
            }
        }

        return changed;
    }

    // A list of libraries (Verneed), each with a list of versions (Vernaux); both are linked by relative offsets, 0 at the end.
    private static bool WeakenIn(Span<byte> elf, int need, int names)
    {
        bool changed = false;
        for (int nextNeed = -1; nextNeed != 0; need += nextNeed)
        {
            nextNeed = (int)Word(elf, need + 12);
            int version = need + (int)Word(elf, need + 8);
            for (int nextVersion = -1; nextVersion != 0; version += nextVersion)
            {
                nextVersion = (int)Word(elf, version + 12);
                ushort flags = Half(elf, version + 4);
                if ((flags & Weak) == 0 && Name(elf, names + (int)Word(elf, version + 8)) is "GLIBCXX_3.4.31" or "GLIBCXX_3.4.32")
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(elf[(version + 4)..], (ushort)(flags | Weak));
                    changed = true;
                }
            }
        }

        return changed;
    }

    private static ushort Half(ReadOnlySpan<byte> elf, int at) => BinaryPrimitives.ReadUInt16LittleEndian(elf[at..]);

    private static uint Word(ReadOnlySpan<byte> elf, int at) => BinaryPrimitives.ReadUInt32LittleEndian(elf[at..]);

    private static int Offset(ReadOnlySpan<byte> elf, int at) => checked((int)BinaryPrimitives.ReadUInt64LittleEndian(elf[at..]));

    private static string Name(ReadOnlySpan<byte> elf, int at)
    {
        ReadOnlySpan<byte> rest = elf[at..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }
}
