<?php
// The other side of the epay signature, for tests: PHP's own sorting, encoding and MD5.
//
// Reads JSON lines {"key": "...", "params": {...}} from standard input. Writes one line for each: the parameters as an
// urlencoded query with `sign` and `sign_type=MD5` at the end. Ends with status 1 at a line that it cannot read.

declare(strict_types=1);

function epay_sign(array $params, string $key): string
{
    $signed = [];
    foreach ($params as $name => $value) {
        $name = (string) $name;
        if ($name === 'sign' || $name === 'sign_type' || is_array($value) || trim((string) $value) === '') {
            continue;
        }
        $signed[$name] = (string) $value;
    }
    ksort($signed, SORT_STRING);
    $pairs = [];
    foreach ($signed as $name => $value) {
        $pairs[] = "$name=$value";
    }
    return md5(implode('&', $pairs) . $key);
}

while (($line = fgets(STDIN)) !== false) {
    $request = json_decode($line, true);
    $params = $request['params'] ?? null;
    $key = $request['key'] ?? null;
    if (!is_array($params) || !is_string($key)) {
        fwrite(STDERR, "not a request: $line\n");
        exit(1);
    }
    unset($params['sign'], $params['sign_type']);
    $params['sign'] = epay_sign($params, $key);
    $params['sign_type'] = 'MD5';
    fwrite(STDOUT, http_build_query($params) . "\n");
    fflush(STDOUT);
}
