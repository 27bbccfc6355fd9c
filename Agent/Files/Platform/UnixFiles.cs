using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>
/// Files on Linux, and with less on other Unix systems: those do not tell us owners, so an owner is always set when asked for and never kept, and folders
/// are addressed by path instead of by handle.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed unsafe class UnixFiles : IPlatformFiles
{
    private const int MaxLinks = 40; // as the kernel's own limit
    private const int NewFileMode = 0b110_100_100; // 0644
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode OpenFolderMode = OwnerFolder
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public PathRules Rules { get; } = OperatingSystem.IsMacOS() ? PathRules.MacOs : PathRules.Linux;

    public FilePath Resolve(FilePath path)
    {
        Stack<string> ahead = new(path.Parts.Reverse());
        List<string> done = [];
        int links = 0;
        while (ahead.TryPop(out string? part))
        {
            if (part is "" or ".") { continue; }
            if (part == "..")
            {
                if (done.Count > 0) { done.RemoveAt(done.Count - 1); }
                continue;
            }

            done.Add(part);
            if (ReadLink(Rules.Join(done)) is not { } target) { continue; }
            if (++links > MaxLinks) { throw new PushFailedException($"too many symbolic links in {path}"); }
            done.RemoveAt(done.Count - 1);
            if (target.StartsWith('/')) { done.Clear(); }
            foreach (string next in Enumerable.Reverse(target.Split('/'))) { ahead.Push(next); }
        }

        return new FilePath(Rules, done);
    }

    public FileFacts? Look(string path) => OperatingSystem.IsLinux() ? LookByStatX(path) : LookByRuntime(path);

    public IEnumerable<FilePath> Children(FilePath folder, NameGlob name)
    {
        if (!name.IsPattern)
        {
            return Path.Exists(folder.Then(name.Text).Text) ? [folder.Then(name.Text)] : [];
        }

        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder.Text).Select(entry => Path.GetFileName(entry)).Where(name.Matches).Select(folder.Then)];
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            return [];
        }
    }

    public long? FreeBytes(string path)
    {
        try
        {
            return new DriveInfo(path).AvailableFreeSpace;
        }
        catch (Exception e) when (PushFailedException.IsFileError(e) || e is ArgumentException)
        {
            return null;
        }
    }

    public FileStream OpenPrivate(string path, FileMode mode)
    {
        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (mode != FileMode.Open) { options.UnixCreateMode = OwnerOnly; } // not to be said where nothing is created
        try
        {
            return new FileStream(path, options);
        }
        catch (UnauthorizedAccessException) when (mode != FileMode.CreateNew && File.Exists(path))
        {
            File.SetUnixFileMode(path, OwnerOnly); // ours, but already given a mode without write
            return new FileStream(path, options);
        }
    }

    public void CreatePrivateFolder(string path)
    {
        Directory.CreateDirectory(path, OwnerFolder);
        File.SetUnixFileMode(path, OwnerFolder); // one that was there already, made by someone careless
    }

    public void CreateFolder(string path)
    {
        Directory.CreateDirectory(path, OpenFolderMode);
        File.SetUnixFileMode(path, OpenFolderMode); // the umask must not decide
    }

    public DestinationFolder OpenFolder(FilePath path)
    {
        if (!OperatingSystem.IsLinux()) { return new DestinationFolder(path.Text, path.Text, null); }
        SafeFileHandle handle = LibC.Open(path.Text, LibC.OpenPathOnLinux);
        if (handle.IsInvalid)
        {
            handle.Dispose();
            throw PushFailedException.FromErrno($"cannot open folder {path}", Marshal.GetLastPInvokeError());
        }

        string alias = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}");
        string? actual = TryReadLink(alias, out _);
        return actual is null ? new DestinationFolder(path.Text, path.Text, handle) : new DestinationFolder(actual, alias, handle); // null: no /proc here
    }

    public FileDress Plan(UploadOrder order, FileFacts? existing)
    {
        (uint UserId, uint? GroupId)? user = null;
        uint? group = null;
        if (order.DestinationFileOwner.Length > 0)
        {
            user = UnixAccounts.FindUser(order.DestinationFileOwner) ?? throw new PushFailedException($"unknown user {order.DestinationFileOwner}");
        }

        if (order.DestinationFileGroup.Length > 0)
        {
            group = UnixAccounts.FindGroup(order.DestinationFileGroup) ?? throw new PushFailedException($"unknown group {order.DestinationFileGroup}");
        }

        // An owner alone means the owner's login group as well: that is what "chown owner:" does.
        return new FileDress
        {
            Mode = order.DestinationFileMode > 0 ? order.DestinationFileMode : existing?.Mode ?? NewFileMode,
            UserId = user?.UserId ?? existing?.UserId,
            GroupId = group ?? user?.GroupId ?? existing?.GroupId,
            ModeAsked = order.DestinationFileMode > 0,
            UserAsked = user is not null,
            GroupAsked = group is not null,
            OwnerText = user is not null || group is not null
                ? $"{order.DestinationFileOwner}:{order.DestinationFileGroup}"
                : string.Create(CultureInfo.InvariantCulture, $"{existing?.UserId}:{existing?.GroupId}"),
        };
    }

    public DressGap Compare(FileDress dress, FileFacts existing) => new(
        dress.ModeAsked && existing.Mode != dress.Mode,
        (dress.UserAsked && existing.UserId != dress.UserId) || (dress.GroupAsked && existing.GroupId != dress.GroupId));

    public DressOutcome Apply(FileDress dress, SafeFileHandle file)
    {
        string? ownerProblem = null;
        bool notPermitted = false;
        FileFacts? now = OperatingSystem.IsLinux() ? LookByStatX(file) : null;
        if (OwnerChanged(now, dress))
        {
            if (LibC.ChangeOwner(file, dress.UserId ?? uint.MaxValue, dress.GroupId ?? uint.MaxValue) != 0)
            {
                int error = Marshal.GetLastPInvokeError();
                notPermitted = error is LibC.EPERM or LibC.EACCES;
                ownerProblem = Marshal.GetPInvokeErrorMessage(error).ToLowerInvariant();
            }
        }

        try
        {
            // After the owner: a change of owner takes setuid and setgid away.
            if (dress.Mode is { } mode && (OwnerChanged(now, dress) || now?.Mode != mode)) { File.SetUnixFileMode(file, (UnixFileMode)mode); }
            return new DressOutcome(null, ownerProblem, notPermitted);
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            return new DressOutcome(e is UnauthorizedAccessException ? "operation not permitted" : PushFailedException.From("", e).Message[2..], ownerProblem, notPermitted);
        }
    }

    public PlaceOutcome Move(string from, string to, bool replace)
    {
        if (!replace)
        {
            // A second name for the file, then the first one goes: unlike rename, this refuses to write over what appeared meanwhile.
            if (LibC.Link(from, to) == 0)
            {
                File.Delete(from);
                return PlaceOutcome.Placed;
            }

            int reason = Marshal.GetLastPInvokeError();
            if (reason == LibC.EEXIST) { return PlaceOutcome.Exists; }
            if (reason is LibC.EXDEV or LibC.ENOENT or LibC.EACCES) { return Outcome(reason, to); }
            if (Look(to) is not null) { return PlaceOutcome.Exists; } // no hard links here (or not for us): rename has to do
        }

        return LibC.Rename(from, to) == 0 ? PlaceOutcome.Placed : Outcome(Marshal.GetLastPInvokeError(), to);
    }

    public void BeginFlush(SafeFileHandle file, long offset, long length)
    {
        // Other systems have no such call. A failure is left to the flush that counts.
        if (OperatingSystem.IsLinux()) { _ = LibC.SyncFileRange(file, offset, length, LibC.SyncFileRangeWrite); }
    }

    public void FlushFolder(string path)
    {
        using SafeFileHandle folder = LibC.Open(path, 0);
        if (!folder.IsInvalid) { _ = LibC.Sync(folder); } // a folder we may write to but not read cannot be flushed; nor can every file system do it
    }

    private static bool OwnerChanged(FileFacts? now, FileDress dress) =>
        (dress.UserId is { } user && now?.UserId != user) || (dress.GroupId is { } group && now?.GroupId != group);

    private static PlaceOutcome Outcome(int error, string to) => error switch
    {
        LibC.EXDEV => PlaceOutcome.OtherDevice,
        LibC.EACCES or LibC.EPERM => PlaceOutcome.NotPermitted,
        _ => throw PushFailedException.FromErrno($"cannot move the file to {Path.GetFileName(to)}", error),
    };

    private static string? ReadLink(string path)
    {
        string? target = TryReadLink(path, out int error);
        return target is null && error is not (LibC.EINVAL or LibC.ENOENT or LibC.ENOTDIR)
            ? throw PushFailedException.FromErrno($"cannot examine {path}", error)
            : target;
    }

    private static string? TryReadLink(string path, out int error)
    {
        const int longest = 4096; // PATH_MAX
        byte* buffer = stackalloc byte[longest];
        nint length = LibC.ReadLink(path, buffer, longest);
        error = length < 0 ? Marshal.GetLastPInvokeError() : 0;
        return length < 0 ? null : Encoding.UTF8.GetString(buffer, (int)length);
    }

    private static FileFacts? LookByStatX(string path)
    {
        byte* stat = stackalloc byte[256];
        if (LibC.StatX(LibC.CurrentFolder, path, LibC.StatNoFollow, 0x7ff, stat) == 0) { return Facts(stat); }
        int error = Marshal.GetLastPInvokeError();
        return error is LibC.ENOENT or LibC.ENOTDIR ? null : throw PushFailedException.FromErrno($"cannot examine {path}", error);
    }

    private static FileFacts? LookByStatX(SafeFileHandle file)
    {
        const int emptyPath = 0x1000; // the handle itself
        byte* stat = stackalloc byte[256];
        return LibC.StatX(file, "", emptyPath, 0x7ff, stat) == 0 ? Facts(stat) : null;
    }

    private static FileFacts Facts(byte* stat)
    {
        int mode = *(ushort*)(stat + 28);
        FileKind kind = (mode & 0xf000) switch { 0x8000 => FileKind.File, 0x4000 => FileKind.Folder, 0xa000 => FileKind.Link, _ => FileKind.Other };
        ulong device = ((ulong)*(uint*)(stat + 136) << 32) | *(uint*)(stat + 140);
        return new FileFacts(kind, (long)*(ulong*)(stat + 40), mode & 0xfff, *(uint*)(stat + 20), *(uint*)(stat + 24), device);
    }

    private static FileFacts? LookByRuntime(string path)
    {
        FileInfo file = new(path);
        if (file.LinkTarget is not null) { return new FileFacts(FileKind.Link, 0, null, null, null, null); }
        if (Directory.Exists(path)) { return new FileFacts(FileKind.Folder, 0, null, null, null, null); }
        return file.Exists ? new FileFacts(FileKind.File, file.Length, (int)file.UnixFileMode, null, null, null) : null;
    }
}
