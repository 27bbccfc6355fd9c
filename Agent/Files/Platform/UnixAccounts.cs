using System.Globalization;

namespace RPort.Agent.Files;

/// <summary>Looks users and groups up by name, as chown does: a name first, then a number.</summary>
internal static unsafe class UnixAccounts
{
    private const int LargestEntryBytes = 1 << 20; // a group of very many members; beyond it the name counts as unknown

    private delegate int Lookup(string name, byte* entry, byte* buffer, nint size, out nint found);

    /// <summary>The user's id and login group; null where there is no such user. A bare number has no login group.</summary>
    public static (uint UserId, uint? GroupId)? FindUser(string name)
    {
        // passwd begins with two pointers, then uid and gid, on every Unix we run on; group has its gid at the uid's place.
        if (Find(name, LibC.FindUser) is { } found) { return (found.First, found.Second); }
        return uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue ? (id, null) : null;
    }

    /// <summary>The group's id; null where there is no such group.</summary>
    public static uint? FindGroup(string name)
    {
        if (Find(name, LibC.FindGroup) is { } found) { return found.First; }
        return uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue ? id : null;
    }

    private static (uint First, uint Second)? Find(string name, Lookup lookup)
    {
        byte* entry = stackalloc byte[256];
        for (int size = 4096; size <= LargestEntryBytes; size *= 4)
        {
            byte[] strings = new byte[size];
            fixed (byte* buffer = strings)
            {
                int error = lookup(name, entry, buffer, size, out nint found);
                if (error == LibC.ERANGE) { continue; }
                if (error != 0 || found == 0) { return null; }
                uint* ids = (uint*)(entry + (2 * sizeof(nint)));
                return (ids[0], ids[1]);
            }
        }

        return null;
    }
}
