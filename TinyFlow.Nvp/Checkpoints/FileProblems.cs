using System.Security;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>Turns what the system says about a file that cannot be read or written into half a sentence for people.</summary>
internal static class FileProblems
{
    // The same problem has another number on each system: errno on Unix, an HRESULT on Windows.
    private const int NoSpaceUnix = 28, ReadOnlyUnix = 30, QuotaLinux = 122, QuotaMac = 69;
    private const int WouldBlockLinux = 11, WouldBlockMac = 35, SharingViolationWindows = unchecked((int)0x80070020);
    private const int DiskFullWindows = unchecked((int)0x80070070), HandleDiskFullWindows = unchecked((int)0x80070027);

    /// <summary>
    /// Whether this is a problem with the file, and not a mistake in the program. Exceptions that already are a sentence
    /// for the user are not described again.
    /// </summary>
    public static bool IsExpected(Exception e) =>
        e is IOException and not CheckpointException or UnauthorizedAccessException or SecurityException or NotSupportedException or ArgumentException;

    /// <summary>The cause, to be put after a colon.</summary>
    public static string Describe(Exception e) => e switch
    {
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "its folder does not exist",
        PathTooLongException => "the path is too long",
        UnauthorizedAccessException or SecurityException => "permission is denied",
        NotSupportedException => "it is not a regular file",
        IOException when IsDiskFull(e.HResult) => "the disk is full",
        IOException when !OperatingSystem.IsWindows() && e.HResult == ReadOnlyUnix => "the file system is read-only",
        _ => e.Message.TrimEnd('.'),
    };

    /// <summary>Whether another process has the file and does not share it.</summary>
    public static bool IsInUse(IOException e) => e.HResult == (OperatingSystem.IsWindows() ? SharingViolationWindows : OperatingSystem.IsMacOS() ? WouldBlockMac : WouldBlockLinux);

    private static bool IsDiskFull(int code) => OperatingSystem.IsWindows()
        ? code is DiskFullWindows or HandleDiskFullWindows
        : code is NoSpaceUnix or QuotaLinux || (OperatingSystem.IsMacOS() && code == QuotaMac);
}
