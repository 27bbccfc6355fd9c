namespace RPort.Interop;

/// <summary>Bytes that do not compress and are the same for everyone who asks for as many.</summary>
internal static class Noise
{
    public static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Fails the test at the first byte that differs.</summary>
    public static void AssertSame(ReadOnlyMemory<byte> expected, ReadOnlyMemory<byte> actual)
    {
        int same = expected.Span.CommonPrefixLength(actual.Span);
        Assert.True(
            same == expected.Length && same == actual.Length, $"Of {expected.Length} bytes {actual.Length} came, and the first {same} are as expected.");
    }
}
