// Inputs of packed products rounded to 8 bits. Part of version.h.

static void quantize_input(const float* x, size_t count, ck_input_group* out) {
    for (size_t group = 0; group < count / 32; group++, x += 32, out++) {
        v16 low = load(x), high = load(x + LANES);
        // what is no number is no size
        float largest =
            largest_lane(larger(absolute(high), larger(absolute(low), spread(0))));
        bool counts = largest >= INPUT_LEAST;
        v16 inverse = spread(counts ? 127.0f / largest : 0);
        v16 most = spread(127);
        low = low * inverse;
        high = high * inverse;
        low = choose(low < most, low, most);
        high = choose(high < most, high, most);
        low = choose(low > -most, low, -most);
        high = choose(high > -most, high, -most);
        // adding 1.5 * 2^23 rounds to nearest even and leaves the integer in the low bits
        i16 first = (i16)(low + spread(EXP_ROUNDING)) - (i16)spread(EXP_ROUNDING);
        i16 second = (i16)(high + spread(EXP_ROUNDING)) - (i16)spread(EXP_ROUNDING);
        s16 bytes = __builtin_convertvector(first, s16);
        memcpy(out->quants, &bytes, sizeof bytes);
        bytes = __builtin_convertvector(second, s16);
        memcpy(out->quants + LANES, &bytes, sizeof bytes);
        finish_input(out, counts ? largest : 0, __builtin_reduce_add(first + second));
    }
}
