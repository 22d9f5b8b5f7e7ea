; IR as it comes from other languages: results in three registers, preserve_most and other conventions, musttail, switches.
; RUN: %levels %s %t
target triple = "x86_64-unknown-linux-musl"

@format = private constant [25 x i8] c"%ld %ld %ld %ld %ld %ld\0A\00"
@ftable = internal constant [2 x ptr] [ptr @double, ptr @square]

declare i32 @printf(ptr, ...)

define internal { i64, i64, i64 } @three(i64 %a, i64 %b) noinline {
  %x = add i64 %a, %b
  %y = mul i64 %a, %b
  %z = xor i64 %x, %y
  %1 = insertvalue { i64, i64, i64 } poison, i64 %x, 0
  %2 = insertvalue { i64, i64, i64 } %1, i64 %y, 1
  %3 = insertvalue { i64, i64, i64 } %2, i64 %z, 2
  ret { i64, i64, i64 } %3
}

define internal { double, double, i64, i64 } @four(double %d, i64 %a) noinline {
  %x = fadd double %d, 1.5
  %y = fmul double %d, 2.0
  %1 = insertvalue { double, double, i64, i64 } poison, double %x, 0
  %2 = insertvalue { double, double, i64, i64 } %1, double %y, 1
  %3 = insertvalue { double, double, i64, i64 } %2, i64 %a, 2
  %4 = insertvalue { double, double, i64, i64 } %3, i64 77, 3
  ret { double, double, i64, i64 } %4
}

define internal preserve_mostcc i64 @most(i64 %a) noinline {
  %1 = mul i64 %a, 3
  ret i64 %1
}

define internal preserve_mostcc void @mostly(ptr %p, i64 %a) noinline {
  %1 = call i64 @square(i64 %a)
  store i64 %1, ptr %p
  ret void
}

define internal i64 @keeps(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f) noinline {
  %p = alloca i64
  call preserve_mostcc void @mostly(ptr %p, i64 %a)
  %m = call preserve_mostcc i64 @most(i64 %b)
  %v = load i64, ptr %p
  %1 = add i64 %a, %b
  %2 = mul i64 %1, %c
  %3 = sub i64 %2, %d
  %4 = xor i64 %3, %e
  %5 = add i64 %4, %f
  %6 = add i64 %5, %m
  %7 = add i64 %6, %v
  ret i64 %7
}

define internal fastcc i64 @fast(i64 %n, i64 %sum, i64 %c, i64 %d, i64 %e, i64 %f, i64 %g) noinline {
  %done = icmp eq i64 %n, 0
  br i1 %done, label %out, label %again
again:
  %m = sub i64 %n, 1
  %s = add i64 %sum, %n
  %r = musttail call fastcc i64 @fast(i64 %m, i64 %s, i64 %d, i64 %e, i64 %f, i64 %g, i64 %c)
  ret i64 %r
out:
  %t = shl i64 %c, 20
  %u = add i64 %sum, %t
  ret i64 %u
}

define internal coldcc i64 @cold(i64 %a) noinline { ret i64 %a }
define internal i64 @double(i64 %a) { %r = shl i64 %a, 1
  ret i64 %r }
define internal i64 @square(i64 %a) noinline { %r = mul i64 %a, %a
  ret i64 %r }

define internal i64 @block(i64 %k) noinline {
  %i = and i64 %k, 1
  %p = getelementptr [2 x ptr], ptr @ftable, i64 0, i64 %i
  %f = load ptr, ptr %p
  %1 = call i64 %f(i64 %k)
  %2 = freeze i64 %1
  switch i64 %2, label %other [ i64 9, label %a
                                i64 4, label %b
                                i64 8, label %c
                                i64 25, label %a ]
a: ret i64 1
b: ret i64 2
c: ret i64 3
other: ret i64 %2
}

define i32 @main() {
  %t = call { i64, i64, i64 } @three(i64 5, i64 7)
  %x = extractvalue { i64, i64, i64 } %t, 0
  %y = extractvalue { i64, i64, i64 } %t, 1
  %z = extractvalue { i64, i64, i64 } %t, 2
  %k = call i64 @keeps(i64 1, i64 2, i64 3, i64 4, i64 5, i64 6)
  %f = call fastcc i64 @fast(i64 100000, i64 0, i64 1, i64 2, i64 3, i64 4, i64 5)
  %c = call coldcc i64 @cold(i64 12)
  %1 = call i32 (ptr, ...) @printf(ptr @format, i64 %x, i64 %y, i64 %z, i64 %k, i64 %f, i64 %c)
  %q = call { double, double, i64, i64 } @four(double 2.25, i64 9)
  %d = extractvalue { double, double, i64, i64 } %q, 0
  %e = extractvalue { double, double, i64, i64 } %q, 1
  %sum = fadd double %d, %e
  %di = fptosi double %sum to i64
  %g = extractvalue { double, double, i64, i64 } %q, 2
  %h = extractvalue { double, double, i64, i64 } %q, 3
  %b2 = call i64 @block(i64 2)
  %b3 = call i64 @block(i64 3)
  %b7 = call i64 @block(i64 7)
  %2 = call i32 (ptr, ...) @printf(ptr @format, i64 %di, i64 %g, i64 %h, i64 %b2, i64 %b3, i64 %b7)
  ret i32 0
}
