using System.Buffers;
using System.Text.Json;

namespace TokenLedger.Ledger.Sealing;

/// <summary>
/// Rewrites JSON so that equal values are equal bytes: keys in the order of their UTF-8 bytes, no white space, shortest escapes, plain decimals (docs/ledger-format.md).
/// The text that was appended and the text that jsonb gives back come out the same. An instance is used again and again, by one thread at a time.
/// </summary>
internal sealed class CanonicalJson
{
    private const int MostDepth = 64;
    private const int FewMembers = 64;
    private const int Shapes = 256;
    private const int Templates = 16;
    private const int MostTemplateLength = 2_048;
    private const int MissesPerTemplate = 8;
    private readonly CanonicalBuffer _target;
    private readonly CanonicalBuffer _sorted = new();
    private readonly Shape?[] _shapes = new Shape?[Shapes];
    private Member[] _members = new Member[64];
    private int _memberCount;
    private readonly CanonicalTemplate?[] _templates = new CanonicalTemplate?[Templates];
    private long _misses;

    public CanonicalJson(CanonicalBuffer target) => _target = target;

    /// <exception cref="CanonicalFormException">It is not one JSON value, repeats a key, or holds a number beyond all bounds.</exception>
    public void Append(ReadOnlySpan<byte> json)
    {
        foreach (var template in _templates)
        {
            if (template is null) break;
            if (template.TryAppend(json, _target)) return;
        }
        AppendParsed(json);
        // Texts of ever new shapes must not cost a template each.
        if (json.Length <= MostTemplateLength && _misses++ is var miss && miss % MissesPerTemplate == 0) _templates[miss / MissesPerTemplate % Templates] = CanonicalTemplate.Of(json);
    }

    /// <summary>As <see cref="Append"/>, of whatever JSON it is.</summary>
    internal void AppendParsed(ReadOnlySpan<byte> json)
    {
        _memberCount = 0;
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostDepth });
            reader.Read();
            AppendValue(ref reader);
            if (reader.Read()) throw new CanonicalFormException("There is more than one JSON value.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is how the reader says that an escape stands for half a character.
            throw new CanonicalFormException($"It is not JSON: {e.Message}", e);
        }
    }

    private void AppendValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject: AppendObject(ref reader); break;
            case JsonTokenType.StartArray: AppendArray(ref reader); break;
            case JsonTokenType.String: AppendString(ref reader); break;
            case JsonTokenType.Number: CanonicalNumber.Append(_target, reader.ValueSpan); break;
            // The words true, false and null have one way to be written.
            default: _target.Append(reader.ValueSpan); break;
        }
    }

    private void AppendArray(ref Utf8JsonReader reader)
    {
        _target.Append((byte)'[');
        for (var first = true; reader.Read() && reader.TokenType != JsonTokenType.EndArray; first = false)
        {
            if (!first) _target.Append((byte)',');
            AppendValue(ref reader);
        }
        _target.Append((byte)']');
    }

    /// <summary>Members are written as they come, each with a comma behind it, then put in order; the last comma becomes the bracket.</summary>
    private void AppendObject(ref Utf8JsonReader reader)
    {
        _target.Append((byte)'{');
        var (start, first) = (_target.Length, _memberCount);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var begin = _target.Length;
            AppendString(ref reader);
            var member = new Member(begin, _target.Length - begin - 2, 0, reader.ValueIsEscaped ? Unescaped(ref reader) : null);
            _target.Append((byte)':');
            reader.Read();
            AppendValue(ref reader);
            _target.Append((byte)',');
            Push(member with { Length = _target.Length - begin });
        }
        Sort(_members.AsSpan(first, _memberCount - first), start);
        if (_memberCount > first) _target.Truncate(_target.Length - 1);
        _memberCount = first;
        _target.Append((byte)'}');
    }

    private void Sort(ReadOnlySpan<Member> members, int start)
    {
        if (AreSorted(members)) return;
        _sorted.Clear();
        foreach (var i in OrderOf(members)) _sorted.Append(_target.Slice(members[i].Start, members[i].Length));
        _sorted.Written.CopyTo(_target.Slice(start, _sorted.Length));
    }

    /// <summary>Objects of one shape come by the thousand, their keys always in the same order: how to sort those is found out once.</summary>
    private int[] OrderOf(ReadOnlySpan<Member> members)
    {
        if (members.Length > FewMembers) return Sorted(members);
        var lengths = (uint)members.Length;
        foreach (var member in members) lengths = unchecked(lengths * 31 + (uint)member.KeyLength);
        ref var shape = ref _shapes[lengths % Shapes];
        if (shape is null || !HasKeys(members, shape.Keys)) shape = new([.. members.ToArray().Select(member => Key(member).ToArray())], Sorted(members));
        return shape.Order;
    }

    private bool HasKeys(ReadOnlySpan<Member> members, byte[][] keys)
    {
        if (members.Length != keys.Length) return false;
        for (var i = 0; i < keys.Length; i++)
            if (!Key(members[i]).SequenceEqual(keys[i])) return false;
        return true;
    }

    private int[] Sorted(ReadOnlySpan<Member> members)
    {
        var all = members.ToArray();
        int[] order = [.. Enumerable.Range(0, all.Length)];
        Array.Sort(order, (a, b) => Compare(all[a], all[b]));
        for (var i = 1; i < order.Length; i++)
            if (Compare(all[order[i - 1]], all[order[i]]) == 0) throw new CanonicalFormException("An object has the same key twice.");
        return order;
    }

    private bool AreSorted(ReadOnlySpan<Member> members)
    {
        for (var i = 1; i < members.Length; i++)
            if (Compare(members[i - 1], members[i]) >= 0) return false;
        return true;
    }

    private int Compare(Member a, Member b) => Key(a).SequenceCompareTo(Key(b));

    private ReadOnlySpan<byte> Key(Member member) => member.Key ?? _target.Slice(member.Start + 1, member.KeyLength);

    private void AppendString(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
        {
            var longest = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
            _target.AppendQuoted(longest.AsSpan(0, reader.CopyString(longest)));
            ArrayPool<byte>.Shared.Return(longest);
            return;
        }
        // Without an escape it holds nothing that needs one.
        _target.Append((byte)'"');
        _target.Append(reader.ValueSpan);
        _target.Append((byte)'"');
    }

    private static byte[] Unescaped(ref Utf8JsonReader reader)
    {
        var longest = new byte[reader.ValueSpan.Length];
        return longest[..reader.CopyString(longest)];
    }

    private void Push(Member member)
    {
        if (_memberCount == _members.Length) Array.Resize(ref _members, _members.Length * 2);
        _members[_memberCount++] = member;
    }

    /// <summary>Where a member stands in the target. <see cref="Key"/> is its key where that differs from how it is written.</summary>
    private readonly record struct Member(int Start, int KeyLength, int Length, byte[]? Key);

    /// <summary>The keys of an object as they came, and where the first, second … in order stands among them.</summary>
    private sealed record Shape(byte[][] Keys, int[] Order);
}
