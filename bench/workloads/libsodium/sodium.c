/* Runs parts of libsodium a given number of times, each on the result of the one before, and prints the last result. */
#include "driver.h"

#include <string.h>

#include <sodium.h>

enum { message_size = 1 << 20 };

/* The same "random" numbers every time, so that the results are; and no system call. */
static const char *name(void) { return "repeatable"; }

static uint32_t number(void) {
    static uint32_t state = 1;
    return state = state * 1664525u + 1013904223u;
}

static void fill(void *buffer, size_t size) {
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)buffer)[i] = (unsigned char)(number() >> 24);
}

static void check(int result) {
    if (result != 0)
        die("libsodium refuses what it made itself");
}

/* A megabyte through every cipher and hash. */
static void ciphers(int times) {
    unsigned char *text = allocate(message_size), *sealed = allocate(message_size + 64), key[32], nonce[24], digest[64];
    unsigned long long size;
    fill(text, message_size), fill(key, sizeof key), fill(nonce, sizeof nonce);
    for (int i = 0; i < times; i++) {
        check(crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, text, message_size, nonce, sizeof nonce, NULL,
                                                         nonce, key));
        check(crypto_aead_xchacha20poly1305_ietf_decrypt(text, &size, NULL, sealed, size, nonce, sizeof nonce, nonce,
                                                         key));
        check(crypto_secretbox_easy(sealed, text, message_size, nonce, key));
        check(crypto_generichash(digest, sizeof digest, sealed, message_size, key, sizeof key));
        check(crypto_hash_sha512(text, sealed, message_size));
        check(crypto_hash_sha256(text + 64, sealed, message_size));
        memcpy(key, digest, sizeof key);
        memcpy(nonce, digest + 32, sizeof nonce);
    }
    report("last digest", digest, sizeof digest);
    report("last message", text, message_size);
    free(text);
    free(sealed);
}

/* Key exchange, signature and its verification. */
static void curves(int times) {
    unsigned char secret[crypto_scalarmult_SCALARBYTES], point[crypto_scalarmult_BYTES],
        shared[crypto_scalarmult_BYTES];
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES],
        signature[crypto_sign_BYTES];
    fill(secret, sizeof secret);
    check(crypto_sign_seed_keypair(public_key, secret_key, secret));
    for (int i = 0; i < times; i++) {
        check(crypto_scalarmult_base(point, secret));
        check(crypto_scalarmult(shared, secret, point));
        check(crypto_sign_detached(signature, NULL, shared, sizeof shared, secret_key));
        check(crypto_sign_verify_detached(signature, shared, sizeof shared, public_key));
        memcpy(secret, signature, sizeof secret);
    }
    report("last signature", signature, sizeof signature);
}

static void password(int passes) {
    static const char text[] = "correct horse battery staple";
    unsigned char key[32], salt[crypto_pwhash_SALTBYTES];
    fill(salt, sizeof salt);
    check(crypto_pwhash(key, sizeof key, text, sizeof text - 1, salt, (unsigned long long)passes, 64u << 20,
                        crypto_pwhash_ALG_ARGON2ID13));
    report("key", key, sizeof key);
}

int main(int argc, char **argv) {
    static randombytes_implementation repeatable = {.implementation_name = name, .random = number, .buf = fill};
    if (argc != 3) {
        fprintf(stderr, "Usage: sodium ciphers|curves|password TIMES\n");
        return 2;
    }
    int times = count_argument(argv[2]);
    randombytes_set_implementation(&repeatable);
    if (sodium_init() != 0)
        die("libsodium does not start");
    if (strcmp(argv[1], "ciphers") == 0)
        ciphers(times);
    else if (strcmp(argv[1], "curves") == 0)
        curves(times);
    else if (strcmp(argv[1], "password") == 0)
        password(times);
    else
        die("libsodium: ciphers, curves or password");
    return fflush(stdout) != 0 || ferror(stdout);
}
