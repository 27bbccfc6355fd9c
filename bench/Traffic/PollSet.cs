using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace RPort.Traffic;

/// <summary>Sockets one thread waits for with poll(2): all that are ready come back by one system call.</summary>
internal sealed partial class PollSet
{
    private const short Readable = 1; // POLLIN

    private readonly List<Socket> _sockets = [];
    private Entry[] _entries = new Entry[64];

    public IReadOnlyList<Socket> Sockets => _sockets;

    public void Add(Socket socket)
    {
        if (_sockets.Count == _entries.Length)
        {
            Array.Resize(ref _entries, 2 * _entries.Length);
        }

        _entries[_sockets.Count] = new Entry { Descriptor = (int)socket.Handle, Wanted = Readable };
        _sockets.Add(socket);
    }

    /// <summary>The last takes its place.</summary>
    public void RemoveAt(int index)
    {
        _sockets[index] = _sockets[^1];
        _entries[index] = _entries[_sockets.Count - 1];
        _sockets.RemoveAt(_sockets.Count - 1);
    }

    /// <returns>Whether any is ready.</returns>
    public bool Wait(int milliseconds) => Poll(_entries, (nuint)_sockets.Count, milliseconds) > 0;

    public bool IsReady(int index) => _entries[index].Ready != 0;

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(Span<Entry> entries, nuint count, int milliseconds);

    private struct Entry
    {
        public int Descriptor;
        public short Wanted;
        public short Ready;
    }
}
