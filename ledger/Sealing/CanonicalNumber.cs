using System.Buffers.Text;

namespace TokenLedger.Ledger.Sealing;

/// <summary>Numbers as plain decimals: no exponent, no zero that says nothing, no negative zero. The value is kept to its last digit.</summary>
internal static class CanonicalNumber
{
    /// <summary>PostgreSQL's numeric ends at 131,072 digits before the point and 16,383 after it; nothing longer can have been recorded.</summary>
    private const int MostDigits = 150_000;

    /// <param name="token">A number as JSON's grammar has it.</param>
    public static void Append(CanonicalBuffer target, ReadOnlySpan<byte> token)
    {
        if (token.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0) AppendDecimal(target, token);
        else target.Append(token.SequenceEqual("-0"u8) ? "0"u8 : token);
    }

    private static void AppendDecimal(CanonicalBuffer target, ReadOnlySpan<byte> token)
    {
        var negative = token[0] == (byte)'-';
        if (negative) token = token[1..];
        var exponent = TakeExponent(ref token);
        var point = token.IndexOf((byte)'.');
        var whole = point < 0 ? token : token[..point];
        var fraction = point < 0 ? [] : token[(point + 1)..];
        Span<byte> digits = token.Length <= 512 ? stackalloc byte[token.Length] : new byte[token.Length];
        whole.CopyTo(digits);
        fraction.CopyTo(digits[whole.Length..]);
        AppendDigits(target, negative, digits[..(whole.Length + fraction.Length)], whole.Length + exponent);
    }

    /// <summary>Writes digits with the point before the digit at <paramref name="point"/>, which may lie outside them.</summary>
    private static void AppendDigits(CanonicalBuffer target, bool negative, ReadOnlySpan<byte> digits, int point)
    {
        var leading = digits.IndexOfAnyExcept((byte)'0');
        if (leading < 0)
        {
            target.Append((byte)'0');
            return;
        }
        digits = digits[leading..].TrimEnd((byte)'0');
        point -= leading;
        if (negative) target.Append((byte)'-');
        if (point <= 0)
        {
            target.Append("0."u8);
            target.Append((byte)'0', -point);
            target.Append(digits);
        }
        else if (point >= digits.Length)
        {
            target.Append(digits);
            target.Append((byte)'0', point - digits.Length);
        }
        else
        {
            target.Append(digits[..point]);
            target.Append((byte)'.');
            target.Append(digits[point..]);
        }
    }

    private static int TakeExponent(ref ReadOnlySpan<byte> token)
    {
        var e = token.IndexOfAny((byte)'e', (byte)'E');
        if (e < 0) return 0;
        var text = token[(e + 1)..];
        if (text[0] == (byte)'+') text = text[1..];
        token = token[..e];
        return Utf8Parser.TryParse(text, out int exponent, out var read) && read == text.Length && exponent is > -MostDigits and < MostDigits
            ? exponent
            : throw new CanonicalFormException("A number has more digits than any that can be recorded.");
    }
}
