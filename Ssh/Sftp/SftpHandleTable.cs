using System.Diagnostics.CodeAnalysis;

namespace RPort.Ssh.Sftp;

/// <summary>The files one session holds open. Numbers are given out once, so that a handle used after CLOSE never meets another file.</summary>
internal sealed class SftpHandleTable(int maxHandles) : IAsyncDisposable
{
    private readonly Dictionary<uint, ISftpFile> _files = [];
    private uint _last;

    public bool IsFull => _files.Count >= maxHandles;

    public uint Add(ISftpFile file)
    {
        do
        {
            _last++; // wraps after 2^32 files; 0 stands for no handle
        }
        while (_last == 0 || _files.ContainsKey(_last));

        _files.Add(_last, file);
        return _last;
    }

    public bool TryGet(uint handle, [NotNullWhen(true)] out ISftpFile? file) => _files.TryGetValue(handle, out file);

    public bool TryRemove(uint handle, [NotNullWhen(true)] out ISftpFile? file) => _files.Remove(handle, out file);

    /// <summary>Closes all. One that fails to close does not keep the others open; the last failure is thrown.</summary>
    public async ValueTask DisposeAsync()
    {
        Exception? failure = null;
        foreach (ISftpFile file in _files.Values)
        {
            try
            {
                await file.DisposeAsync().ConfigureAwait(false);
            }
            catch (IOException e)
            {
                failure = e;
            }
        }

        _files.Clear();
        if (failure is not null)
        {
            throw failure;
        }
    }
}
