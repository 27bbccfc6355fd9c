using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>
/// Files on Windows: access rights come from the folder (for the staging folder from the agent's data folder), owner and group of an order are not applied
/// and said so, of the mode only "not writable by the owner" counts, as the read-only attribute.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed unsafe partial class WindowsFiles : IPlatformFiles
{
    private const int OwnerMayWrite = 0b010_000_000;
    private const int FileNotFound = 2, PathNotFound = 3, AccessDenied = 5, NotSameDevice = 17, FileExists = 80, AlreadyExists = 183;
    private const uint ReplaceExisting = 1, WriteThrough = 8;

    public PathRules Rules => PathRules.Windows;

    public FilePath Resolve(FilePath path)
    {
        List<string> missing = [];
        for (FilePath existing = path; ; existing = existing.Folder)
        {
            if (FinalPath(existing.Text) is { } final)
            {
                FilePath resolved = Rules.Clean(final, out string problem) ?? throw new PushFailedException(problem);
                missing.Reverse();
                return missing.Aggregate(resolved, (folder, name) => folder.Then(name));
            }

            if (new FileInfo(existing.Text).LinkTarget is not null) { throw new PushFailedException($"{existing} is a link to nowhere"); }
            if (existing.IsRoot) { return path; }
            missing.Add(existing.Name);
        }
    }

    public FileFacts? Look(string path)
    {
        if (Directory.Exists(path)) { return new FileFacts(FileKind.Folder, 0, null, null, null, null); }
        FileInfo file = new(path);
        if (!file.Exists) { return null; }
        FileKind kind = file.LinkTarget is not null ? FileKind.Link : file.Attributes.HasFlag(FileAttributes.Device) ? FileKind.Other : FileKind.File;
        return new FileFacts(kind, file.Length, null, null, null, null);
    }

    public IEnumerable<FilePath> Children(FilePath folder, NameGlob name)
    {
        try
        {
            IEnumerable<string> names = folder.Parts.Count == 0
                ? DriveInfo.GetDrives().Select(drive => drive.Name.TrimEnd('\\'))
                : Directory.EnumerateFileSystemEntries(folder.Text).Select(entry => Path.GetFileName(entry));
            return [.. names.Where(name.Matches).Select(folder.Then)];
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            return [];
        }
    }

    public long? FreeBytes(string path) => GetDiskFreeSpace(path, out ulong free, 0, 0) ? (long)Math.Min(free, long.MaxValue) : null;

    public FileStream OpenPrivate(string path, FileMode mode) =>
        new(path, new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 });

    public void CreatePrivateFolder(string path) => Directory.CreateDirectory(path);

    public void CreateFolder(string path) => Directory.CreateDirectory(path);

    public DestinationFolder OpenFolder(FilePath path) => new(FinalPath(path.Text) is { } final ? Rules.Clean(final, out _)?.Text ?? final : path.Text, path.Text, null);

    public FileDress Plan(UploadOrder order, FileFacts? existing) => new()
    {
        Mode = order.DestinationFileMode > 0 ? order.DestinationFileMode : null,
        ModeAsked = order.DestinationFileMode > 0,
        Note = order.DestinationFileOwner.Length > 0 || order.DestinationFileGroup.Length > 0 ? "owner and group are not applied on Windows" : null,
    };

    public DressGap Compare(FileDress dress, FileFacts existing) => default;

    public DressOutcome Apply(FileDress dress, SafeFileHandle file)
    {
        try
        {
            if (dress.Mode is { } mode && (mode & OwnerMayWrite) == 0) { File.SetAttributes(file, FileAttributes.ReadOnly); }
            return default;
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            return new DressOutcome(e.Message, null, false);
        }
    }

    public PlaceOutcome Move(string from, string to, bool replace)
    {
        FileInfo old = new(to);
        if (replace && old.Exists && old.IsReadOnly) { old.IsReadOnly = false; } // Windows replaces no read-only file
        if (MoveFile(from, to, replace ? ReplaceExisting | WriteThrough : WriteThrough)) { return PlaceOutcome.Placed; }
        int error = Marshal.GetLastPInvokeError();
        return error switch
        {
            FileExists or AlreadyExists => PlaceOutcome.Exists,
            NotSameDevice => PlaceOutcome.OtherDevice,
            AccessDenied => PlaceOutcome.NotPermitted,
            _ => throw PushFailedException.FromErrno($"cannot move the file to {to}", error),
        };
    }

    public void BeginFlush(SafeFileHandle file, long offset, long length)
    {
        // Its cache manager begins to write within a second by itself.
    }

    public void FlushFolder(string path)
    {
        // The move itself is written through.
    }

    /// <summary>The one path of what is there: links and junctions followed, short names made long. Null where nothing is.</summary>
    private static string? FinalPath(string path)
    {
        const uint anyShare = 7, openExisting = 3, folderToo = 0x02000000;
        using SafeFileHandle handle = CreateFile(path, 0, anyShare, 0, openExisting, folderToo, 0);
        if (handle.IsInvalid)
        {
            int error = Marshal.GetLastPInvokeError();
            return error is FileNotFound or PathNotFound ? null : throw PushFailedException.FromErrno($"cannot examine {path}", error);
        }

        char[] buffer = new char[32768];
        fixed (char* text = buffer)
        {
            uint length = GetFinalPathNameByHandle(handle, text, (uint)buffer.Length, 0);
            if (length == 0 || length >= buffer.Length) { throw PushFailedException.FromErrno($"cannot examine {path}", Marshal.GetLastPInvokeError()); }
            string final = new(text, 0, (int)length);
            return final.StartsWith(@"\\?\UNC\", StringComparison.Ordinal) ? @"\\" + final[8..]
                : final.StartsWith(@"\\?\", StringComparison.Ordinal) ? final[4..] : final;
        }
    }

    [LibraryImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateFile(string name, uint access, uint share, nint security, uint disposition, uint flags, nint template);

    [LibraryImport("kernel32", EntryPoint = "GetFinalPathNameByHandleW", SetLastError = true)]
    private static partial uint GetFinalPathNameByHandle(SafeFileHandle file, char* path, uint size, uint flags);

    [LibraryImport("kernel32", EntryPoint = "MoveFileExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool MoveFile(string from, string to, uint flags);

    [LibraryImport("kernel32", EntryPoint = "GetDiskFreeSpaceExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetDiskFreeSpace(string folder, out ulong freeForCaller, nint total, nint totalFree);
}
