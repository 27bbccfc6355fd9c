using Microsoft.Win32.SafeHandles;

namespace RPort.Agent.Files;

/// <summary>What differs between systems when a file is placed. Failures are <see cref="PushFailedException"/> with a text for people.</summary>
internal interface IPlatformFiles
{
    PathRules Rules { get; }

    /// <summary>The path with every link followed, the last part's too; parts that do not exist stay as they are.</summary>
    FilePath Resolve(FilePath path);

    /// <summary>What is at the path, without following a link there; null where nothing is.</summary>
    FileFacts? Look(string path);

    /// <summary>Entries of a folder whose names match; none where it cannot be read.</summary>
    IEnumerable<FilePath> Children(FilePath folder, NameGlob name);

    /// <summary>Bytes that may still be written where the (existing) path is; null where the system does not say.</summary>
    long? FreeBytes(string path);

    /// <summary>Opens a file that only the agent may read and write.</summary>
    FileStream OpenPrivate(string path, FileMode mode);

    /// <summary>Creates a folder that only the agent may enter, or makes it so.</summary>
    void CreatePrivateFolder(string path);

    /// <summary>Creates a folder for everybody to enter, the agent to write (0755).</summary>
    void CreateFolder(string path);

    /// <summary>Holds on to a folder, so that names in it stay names in that very folder whatever happens to the path. <paramref name="path"/> holds no link.</summary>
    DestinationFolder OpenFolder(FilePath path);

    /// <summary>The mode and owner a file is to have, from the order and from what is there now.</summary>
    FileDress Plan(Protocol.UploadOrder order, FileFacts? existing);

    /// <summary>Which parts of the plan an existing file lacks, judged only by what the order asks for.</summary>
    DressGap Compare(FileDress dress, FileFacts existing);

    /// <summary>Gives an open file its mode and owner. Not permitted is an outcome, not an exception.</summary>
    DressOutcome Apply(FileDress dress, SafeFileHandle file);

    /// <summary>Moves a file to its place in one step, over what is there only where <paramref name="replace"/> says so.</summary>
    PlaceOutcome Move(string from, string to, bool replace);

    /// <summary>Asks the system to begin to write this part of a file to disk, and does not wait for it. A hint: nothing where the system knows none.</summary>
    void BeginFlush(SafeFileHandle file, long offset, long length);

    /// <summary>Makes the names in a folder durable, where the system has that notion.</summary>
    void FlushFolder(string path);
}

internal enum FileKind { File, Folder, Link, Other }

/// <summary>A file as it is. Null where the system has no such thing or does not tell.</summary>
internal sealed record FileFacts(FileKind Kind, long Length, int? Mode, uint? UserId, uint? GroupId, ulong? Device);

/// <summary>The mode and owner a file is to have; null leaves it as it comes.</summary>
internal sealed record FileDress
{
    public int? Mode { get; init; }
    public uint? UserId { get; init; }
    public uint? GroupId { get; init; }
    /// <summary>The order asks for this mode; otherwise it is kept or the default.</summary>
    public bool ModeAsked { get; init; }
    /// <summary>The order names a user.</summary>
    public bool UserAsked { get; init; }
    /// <summary>The order names a group.</summary>
    public bool GroupAsked { get; init; }
    /// <summary><c>owner:group</c> as chown takes it.</summary>
    public string OwnerText { get; init; } = "";
    /// <summary>Said in the result's message.</summary>
    public string? Note { get; init; }

    public bool OwnerAsked => UserAsked || GroupAsked;
}

/// <summary>What differs between a file and the order.</summary>
internal readonly record struct DressGap(bool Mode, bool Owner)
{
    public bool Any => Mode || Owner;
}

/// <summary>What became of mode and owner: null is done, otherwise the system's reason.</summary>
internal readonly record struct DressOutcome(string? ModeProblem, string? OwnerProblem, bool OwnerNotPermitted);

internal enum PlaceOutcome { Placed, Exists, OtherDevice, NotPermitted }
