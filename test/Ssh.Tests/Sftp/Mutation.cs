namespace RPort.Ssh.Tests.Sftp;

/// <summary>Seeded damage to bytes: flips, interesting values, cuts, insertions and repeats.</summary>
internal sealed class Mutation(int seed)
{
    private static readonly byte[] Interesting = [0, 1, 0x7f, 0x80, 0xff, 3, 101, 103, 200];

    private readonly Random _random = new(seed);

    public byte[] Damage(byte[] original)
    {
        List<byte> bytes = [.. original];
        for (int times = _random.Next(1, 5); times > 0; times--)
        {
            DamageOnce(bytes);
        }

        return [.. bytes];
    }

    private void DamageOnce(List<byte> bytes)
    {
        int at = _random.Next(bytes.Count + 1);
        int count = Math.Min(_random.Next(1, 9), bytes.Count - at);
        switch (_random.Next(6))
        {
            case 0 when count > 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when count > 0:
                bytes[at] = Interesting[_random.Next(Interesting.Length)];
                break;
            case 2:
                bytes.RemoveRange(at, count);
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, count));
                break;
            case 4:
                bytes.Insert(at, (byte)_random.Next(256));
                break;
            default:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }
}
