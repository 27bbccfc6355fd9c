using System.Runtime.InteropServices;

namespace RPort.Agent.Files;

/// <summary>The push cannot be done; the message is the result's text for people.</summary>
internal sealed class PushFailedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A failed system call: <paramref name="what"/> in words, then the system's own text for <paramref name="errno"/>.</summary>
    public static PushFailedException FromErrno(string what, int errno) => new($"{what}: {Marshal.GetPInvokeErrorMessage(errno).ToLowerInvariant()}");

    /// <summary>A file operation of the runtime that failed.</summary>
    public static PushFailedException From(string what, Exception error) => new($"{what}: {Describe(error)}", error);

    /// <summary>True for what file operations throw when the file system says no.</summary>
    public static bool IsFileError(Exception error) => error is IOException or UnauthorizedAccessException;

    // Published agents carry no message texts of the runtime, so the common cases are put in words here.
    private static string Describe(Exception error) => error switch
    {
        UnauthorizedAccessException => "permission denied",
        FileNotFoundException or DirectoryNotFoundException => "no such file or directory",
        PathTooLongException => "file name too long",
        IOException { HResult: > 0 and < 200 } io when !OperatingSystem.IsWindows() => Marshal.GetPInvokeErrorMessage(io.HResult).ToLowerInvariant(),
        IOException { HResult: unchecked((int)0x80070070) } => "no space left on device",
        _ => error.Message,
    };
}
