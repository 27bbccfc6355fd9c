using System.Diagnostics;

namespace RPort.EndToEnd.Kit;

/// <summary>A file system of a few megabytes mounted on a folder, which can be filled to its last byte.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _filler;

    public SmallDisk(string folder, int megabytes, bool readOnly = false)
    {
        Folder = folder;
        _filler = Path.Combine(folder, "filler");
        Directory.CreateDirectory(folder);
        Assert.True(Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0700{(readOnly ? ",ro" : "")}", "tmpfs", folder), $"{folder} cannot be mounted");
    }

    /// <summary>Why this machine cannot mount; null where it can.</summary>
    public static string? Obstacle { get; } = Probe();

    public string Folder { get; }

    public void Fill()
    {
        using FileStream filler = File.Create(_filler, bufferSize: 0);
        foreach (int size in new[] { 64 * 1024, 4096, 1 })
        {
            byte[] block = new byte[size];
            try
            {
                while (true)
                {
                    filler.Write(block);
                }
            }
            catch (IOException)
            {
                // No room for another of this size.
            }
        }
    }

    public void Free() => File.Delete(_filler);

    public void Dispose() => Run("umount", "--lazy", Folder);

    private static string? Probe()
    {
        string folder = Directory.CreateTempSubdirectory("rport-mount-").FullName;
        try
        {
            return Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) && Run("umount", folder) ? null : "this user may not mount a file system here";
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that needs <see cref="SmallDisk"/>; skipped, with the reason, where nothing can be mounted.</summary>
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.Obstacle!;
}
