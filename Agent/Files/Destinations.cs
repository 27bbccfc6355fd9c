using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>Judges where an order wants to write: the path itself, what protects it, what is there, and whether there is room.</summary>
internal sealed class Destinations(IPlatformFiles files, ProtectedPaths protectedPaths, PushFolder folder)
{
    /// <summary>The destination, cleaned, and what it is with all links followed. A destination that is a link means what the link points to.</summary>
    /// <exception cref="PushFailedException">Not a destination, or a protected one.</exception>
    public (FilePath Destination, FilePath Target) Judge(UploadOrder order)
    {
        FilePath destination = files.Rules.Clean(order.DestinationPath, out string problem) ?? throw new PushFailedException(problem);
        Refuse(destination); // as written first: that is the text people recognise
        FilePath target = files.Resolve(destination);
        Refuse(target);
        if (files.Rules.EndsInSeparator(order.DestinationPath) || destination.IsRoot)
        {
            throw new PushFailedException($"destination path {order.DestinationPath} names a folder, not a file");
        }

        return (destination, target);
    }

    /// <summary>The file at the path (which holds no link any more); null where nothing is.</summary>
    /// <exception cref="PushFailedException">Something else than a file is there.</exception>
    public FileFacts? Existing(string path, FilePath destination) => files.Look(path) switch
    {
        null => null,
        { Kind: FileKind.File } file => file,
        { Kind: FileKind.Folder } => throw new PushFailedException($"destination {destination} is a folder"),
        { Kind: FileKind.Link } => throw new PushFailedException($"destination {destination} became a link meanwhile"),
        _ => throw new PushFailedException($"destination {destination} is neither a file nor a folder"),
    };

    /// <summary>Refuses a push that cannot fit, where its size is known.</summary>
    public void CheckSpace(UploadOrder order, FilePath target)
    {
        if (order.Size is not { } size) { return; }
        long have = files.Look(folder.Staging(order.Id))?.Length ?? 0;
        CheckSpace(folder.Path, size - Math.Min(have, size));

        FilePath above = target.Folder;
        while (!above.IsRoot && files.Look(above.Text) is null) { above = above.Folder; }
        if (files.Look(above.Text)?.Device is not { } device || device != files.Look(folder.Path)?.Device) { CheckSpace(above.Text, size); }
    }

    /// <summary>Creates the folders above the target that are missing.</summary>
    public void CreateFolders(FilePath target)
    {
        Stack<FilePath> missing = new();
        FilePath above = target.Folder;
        for (; !above.IsRoot && files.Look(above.Text) is null; above = above.Folder) { missing.Push(above); }
        if (!above.IsRoot && files.Look(above.Text)?.Kind != FileKind.Folder) { throw new PushFailedException($"{above} is not a folder"); }
        while (missing.TryPop(out FilePath? next))
        {
            try
            {
                files.CreateFolder(next.Text);
            }
            catch (Exception e) when (PushFailedException.IsFileError(e))
            {
                throw PushFailedException.From($"cannot create folder {next}", e);
            }
        }
    }

    /// <summary>Holds the target's folder, or fails where the path leads elsewhere than it did when it was judged.</summary>
    public DestinationFolder Hold(FilePath target)
    {
        DestinationFolder held = files.OpenFolder(target.Folder);
        if (files.Rules.Clean(held.ActualPath, out _) is { } actual && actual.SameAs(target.Folder)) { return held; }
        held.Dispose();
        throw Moved(target);
    }

    public static PushFailedException Moved(FilePath target) => new($"the folder of {target} changed while the file was on its way");

    private void Refuse(FilePath path)
    {
        if (protectedPaths.Refusal(path) is { } refusal) { throw new PushFailedException(refusal); }
    }

    private void CheckSpace(string place, long needed)
    {
        if (files.FreeBytes(place) is { } free && free < needed)
        {
            throw new PushFailedException($"not enough free space in {place}: {needed} bytes needed, {free} available");
        }
    }
}
