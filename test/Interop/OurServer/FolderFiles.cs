using RPort.Ssh.Sftp;

namespace RPort.Interop.OurServer;

/// <summary>Serves one folder as the root directory.</summary>
internal sealed class FolderFiles(string folder) : ISftpFileSource
{
    public ValueTask<ISftpFile?> OpenAsync(string path, CancellationToken cancellationToken)
    {
        string local = Local(path);
        return ValueTask.FromResult<ISftpFile?>(File.Exists(local) ? new FolderFile(local) : null);
    }

    public ValueTask<SftpAttributes?> StatAsync(string path, CancellationToken cancellationToken)
    {
        string local = Local(path);
        SftpAttributes? attributes = Directory.Exists(local) ? new SftpAttributes { Permissions = SftpAttributes.Directory | 0x16d }
            : File.Exists(local) ? FolderFile.AttributesOf(new FileInfo(local).Length)
            : null;
        return ValueTask.FromResult(attributes);
    }

    public ValueTask<string> RealPathAsync(string path, CancellationToken cancellationToken) => ValueTask.FromResult(Normal(path));

    private static string Normal(string path) => Path.GetFullPath(path, "/");

    private string Local(string path) => Path.Combine(folder, Normal(path).TrimStart('/'));
}
