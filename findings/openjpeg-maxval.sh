#!/bin/sh
# A PGM file says what its white is: with a maximum of 100, 100 is white and 50 half of it (the format's Maxval).
# opj_compress of OpenJPEG 2.5.0 scales the samples of a plain file (P2), but takes those of a raw one (P5) for 8-bit
# samples as they are: the same picture is white in one JPEG 2000 file and dark grey in the other, without a message.
# Above 255 it keeps the bits and forgets the maximum: 1000 of 1000 is 1000 of 1023. Expected: white, as cjpeg of
# libjpeg-turbo has it from both.
. "$(dirname "$0")/lib"
install libopenjp2-tools=2.5.0-2+deb12u3 libopenjp2-7=2.5.0-2+deb12u3 liblcms2-2=2.14-2+deb12u1 \
    libtiff6=4.5.0-6+deb12u4 libpng16-16=1.6.39-2+deb12u6 libwebp7=1.2.4-0.2+deb12u1 \
    liblerc4=4.0.0+ds-2 libjbig0=2.1-6.1 libdeflate0=1.14-1 libjpeg-turbo-progs=1:2.1.5-2 \
    libjpeg62-turbo=1:2.1.5-2 libturbojpeg0=1:2.1.5-2

printf 'P2\n2 2\n100\n50 100\n50 100\n' >"$work/plain.pgm"
printf 'P5\n2 2\n100\n\062\144\062\144' >"$work/raw.pgm"
printf 'P5\n2 2\n1000\n\001\364\003\350\001\364\003\350' >"$work/deep.pgm"
# The maximum and the first two samples of a raw PGM file with three header lines, and perhaps a comment.
samples() { grep -av '^#' "$1" | tail -n +3 | head -n 1; grep -av '^#' "$1" | tail -n +4 | od -An -tu1 -N "$2"; }
jp2() {
    opj_compress -n 1 -i "$work/$1.pgm" -o "$work/$1.jp2" >"$work/log" 2>&1
    opj_decompress -i "$work/$1.jp2" -o "$work/out.pgm" >>"$work/log" 2>&1
    samples "$work/out.pgm" "$2" | tr -s ' \n' ' '
}
jpeg() { cjpeg -quality 100 "$work/$1.pgm" | djpeg >"$work/out.pgm"; samples "$work/out.pgm" 2 | tr -s ' \n' ' '; }
same "half and white of 100, plain: JPEG" "255 128 255 " "$(jpeg plain)"
same "raw: JPEG" "255 128 255 " "$(jpeg raw)"
same "plain: JPEG 2000" "255 127 255 " "$(jp2 plain 2)"
same "raw: JPEG 2000" "255 50 100 " "$(jp2 raw 2)"
same "half and white of 1000, raw: JPEG 2000 (bytes)" "1023 1 244 3 232 " "$(jp2 deep 4)"
verdict
