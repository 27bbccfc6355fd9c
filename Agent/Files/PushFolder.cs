namespace RPort.Agent.Files;

/// <summary>Names in <c>DATADIR/filepush</c>: per push one staging file, as RPort names it, and one journal file beside it.</summary>
internal sealed class PushFolder(string dataDirectory)
{
    public const string StagingSuffix = "_rport_filepush";
    public const string JournalSuffix = StagingSuffix + ".json";
    public const string UnfinishedSuffix = ".new";
    private const int MaxNameBytes = 255;

    public string Path { get; } = System.IO.Path.Join(System.IO.Path.GetFullPath(dataDirectory), "filepush");

    public string Staging(string id) => System.IO.Path.Join(Path, id + StagingSuffix);

    public string Journal(string id) => System.IO.Path.Join(Path, id + JournalSuffix);

    /// <summary>Removes a leftover; one that cannot be removed harms nobody, and a later sweep meets it again.</summary>
    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            // As said above.
        }
    }

    /// <summary>Name of the copy made beside a destination on another file system.</summary>
    public static string CopyName(string destinationName, string id)
    {
        string name = $".{destinationName}.{id}.rport";
        return System.Text.Encoding.UTF8.GetByteCount(name) <= MaxNameBytes ? name : $".{id}.rport";
    }
}
