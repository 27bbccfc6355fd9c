using System.Security.Cryptography;

namespace RPort.EndToEnd.Kit;

/// <summary>Files that do not compress and cannot be guessed.</summary>
internal static class RandomFile
{
    public static string Create(string path, long size)
    {
        using FileStream file = File.Create(path);
        byte[] block = new byte[1 << 20];
        for (long left = size; left > 0; left -= block.Length)
        {
            RandomNumberGenerator.Fill(block);
            file.Write(block, 0, (int)Math.Min(left, block.Length));
        }

        return path;
    }

    public static string Sha256(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
