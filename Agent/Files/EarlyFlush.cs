using Microsoft.Win32.SafeHandles;

namespace RPort.Agent.Files;

/// <summary>
/// Sets the disk to work while a file is still being written: the flush before it is placed then waits for the last of it only. Without it the system
/// keeps all of a file in memory first, and writes it while nothing else is left to do. Owns no file; one caller at a time.
/// </summary>
/// <param name="beginFlush">Has the disk begin with a part: file, offset, length.</param>
/// <param name="file">The file.</param>
/// <param name="position">What it held before.</param>
internal sealed class EarlyFlush(Action<SafeFileHandle, long, long> beginFlush, SafeFileHandle file, long position)
{
    /// <summary>Large enough that the disk writes in one go, and small against the files for which it matters.</summary>
    public const long StrideBytes = 8 << 20;

    private long _begun = position;

    /// <summary>The file is written up to here.</summary>
    public void Wrote(long end)
    {
        if (end - _begun >= StrideBytes)
        {
            beginFlush(file, _begun, end - _begun);
            _begun = end;
        }
    }
}
