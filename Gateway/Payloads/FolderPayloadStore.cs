using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Payloads;

/// <summary>Payloads as files of one folder: <c>&lt;id&gt;</c> when committed, <c>.incoming/&lt;random&gt;</c> while they are written.</summary>
internal sealed class FolderPayloadStore : IPayloadStore
{
    private readonly string _folder;
    private readonly string _incoming;
    private readonly TimeProvider _clock;

    public FolderPayloadStore(IOptions<PayloadOptions> options, TimeProvider clock)
    {
        _clock = clock;
        _folder = Path.GetFullPath(options.Value.Folder);
        _incoming = Path.Combine(_folder, ".incoming"); // an upload id never starts with a dot, so this name is ours
        CreateFolders();
    }

    public Task<IPayloadWriter> CreateAsync(CancellationToken cancellationToken)
    {
        try
        {
            CreateFolders(); // somebody may have tidied up under us
            return Task.FromResult<IPayloadWriter>(new FolderPayloadWriter(Path.Combine(_incoming, Guid.NewGuid().ToString("N")), PathOf));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PayloadStoreUnavailableException("The payload folder cannot be written.", e);
        }
    }

    public Task<IPayloadReader?> OpenReadAsync(UploadId upload, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<IPayloadReader?>(new FilePayloadReader(PathOf(upload)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<IPayloadReader?>(null);
        }
    }

    public Task DeleteAsync(UploadId upload, CancellationToken cancellationToken)
    {
        Delete(PathOf(upload));
        return Task.CompletedTask;
    }

    public Task ForgetAsync(UploadId upload) => Task.CompletedTask;

    public async IAsyncEnumerable<StoredPayload> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (FileInfo file in FilesOf(_folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (UploadId.TryParse(file.Name, null, out UploadId upload))
            {
                yield return new StoredPayload(upload, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero));
            }
        }

        await Task.CompletedTask;
    }

    public Task RemoveUnfinishedAsync(TimeSpan age, CancellationToken cancellationToken)
    {
        DateTime limit = (_clock.GetUtcNow() - age).UtcDateTime;
        foreach (FileInfo file in FilesOf(_incoming).Where(f => f.LastWriteTimeUtc < limit))
        {
            cancellationToken.ThrowIfCancellationRequested();
            file.Delete();
        }

        return Task.CompletedTask;
    }

    /// <summary>Deletes a file, if it is there: without its folder it is not.</summary>
    internal static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // As said.
        }
    }

    private static IEnumerable<FileInfo> FilesOf(string folder) => Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles() : [];

    private string PathOf(UploadId upload) => Path.Combine(_folder, upload.Value);

    private void CreateFolders()
    {
        CreatePrivateDirectory(_folder);
        CreatePrivateDirectory(_incoming);
    }

    private static void CreatePrivateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
