<?php
// A small epay gateway for tests: php -S 127.0.0.1:PORT epay_gateway.php
//
// Environment: EPAY_PID and EPAY_KEY of its only merchant, EPAY_STATE (a folder, one JSON file for each order), and
// EPAY_REFUNDS (`off` refuses refunds). It never calls anybody. Its addresses, below any path prefix:
//
//   /submit.php                        where a buyer's browser is sent; answers `ok TRADE_NO` or `error REASON`
//   /api.php?act=order                 how an order stands
//   POST /api.php?act=refund           gives money back
//   /control/pay?out_trade_no=NUMBER   for the test: marks an order paid, answers the signed query of the notice

declare(strict_types=1);

date_default_timezone_set('Asia/Shanghai');

/** What is told to the caller instead of an answer. */
final class Refusal extends Exception
{
}

final class Gateway
{
    private string $pid;
    private string $key;
    private string $folder;
    private bool $refunds;

    public function __construct()
    {
        $this->pid = (string) getenv('EPAY_PID');
        $this->key = (string) getenv('EPAY_KEY');
        $this->folder = (string) getenv('EPAY_STATE');
        $this->refunds = getenv('EPAY_REFUNDS') !== 'off';
        if ($this->pid === '' || $this->key === '' || !is_dir($this->folder)) {
            throw new RuntimeException('EPAY_PID, EPAY_KEY and EPAY_STATE are needed');
        }
    }

    // Signatures

    /** Lists and values that look empty are left out; the rest is sorted by name. */
    private function sign(array $params): string
    {
        $pairs = [];
        ksort($params, SORT_STRING);
        foreach ($params as $name => $value) {
            $name = (string) $name;
            if ($name !== 'sign' && $name !== 'sign_type' && !is_array($value) && trim((string) $value) !== '') {
                $pairs[] = "$name=$value";
            }
        }
        return md5(implode('&', $pairs) . $this->key);
    }

    private function checkSignature(array $params): void
    {
        if (self::text($params, 'sign_type', 'MD5') !== 'MD5') {
            throw new Refusal('sign_type is not MD5', -3);
        }
        if (!hash_equals($this->sign($params), self::text($params, 'sign'))) {
            throw new Refusal('the signature is wrong', -3);
        }
    }

    private function checkKey(array $params): void
    {
        if (self::text($params, 'pid') !== $this->pid || !hash_equals($this->key, self::text($params, 'key'))) {
            throw new Refusal('the merchant or its key is wrong', -3);
        }
    }

    // Values

    private static function text(array $params, string $name, string $default = ''): string
    {
        $value = $params[$name] ?? $default;
        return is_string($value) ? $value : '';
    }

    private static function required(array $params, string $name): string
    {
        $value = self::text($params, $name);
        if (trim($value) === '') {
            throw new Refusal("$name is missing", -1);
        }
        return $value;
    }

    /** Fen, from yuan with at most two decimals; above 0. */
    private static function fen(string $money): int
    {
        if (!preg_match('/^([0-9]{1,10})(?:\.([0-9]{1,2}))?$/D', $money, $parts)) {
            throw new Refusal('money is not an amount', -1);
        }
        $fen = (int) $parts[1] * 100 + (int) str_pad($parts[2] ?? '', 2, '0');
        if ($fen === 0) {
            throw new Refusal('money must be above 0', -1);
        }
        return $fen;
    }

    private static function yuan(int $fen): string
    {
        return sprintf('%d.%02d', intdiv($fen, 100), $fen % 100);
    }

    /** At most 127 bytes, without a broken character at the end. */
    private static function goods(string $name): string
    {
        $name = substr($name, 0, 127);
        while ($name !== '' && !preg_match('//u', $name)) {
            $name = substr($name, 0, -1);
        }
        return $name;
    }

    // Orders

    private function path(string $number): string
    {
        if (!preg_match('/^[A-Za-z0-9._|-]{1,64}$/D', $number)) {
            throw new Refusal('out_trade_no has a wrong form', -1);
        }
        return "{$this->folder}/$number.json";
    }

    private function load(string $number): ?array
    {
        $path = $this->path($number);
        return is_file($path) ? json_decode((string) file_get_contents($path), true) : null;
    }

    private function store(array $order): void
    {
        $path = $this->path($order['out_trade_no']);
        file_put_contents("$path.new", json_encode($order, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES));
        rename("$path.new", $path);
    }

    /** By `trade_no`, which wins, or by `out_trade_no`. */
    private function find(array $params): array
    {
        $trade = self::text($params, 'trade_no');
        if ($trade === '') {
            $order = $this->load(self::required($params, 'out_trade_no'));
            return $order ?? throw new Refusal('there is no such order', -1);
        }
        foreach (glob("{$this->folder}/*.json") ?: [] as $path) {
            $order = json_decode((string) file_get_contents($path), true);
            if ($order['trade_no'] === $trade) {
                return $order;
            }
        }
        throw new Refusal('there is no such order', -1);
    }

    /** The time and a number that counts up, so that none comes twice. */
    private function number(): string
    {
        $path = "{$this->folder}/counter";
        $count = is_file($path) ? (int) file_get_contents($path) + 1 : 1;
        file_put_contents($path, (string) $count);
        return date('YmdHis') . sprintf('%05d', $count % 100000);
    }

    // Calls

    /** The query alone counts when it has a `pid`, as in the programs that are in use. */
    public function submit(array $query, array $form): string
    {
        $params = isset($query['pid']) ? $query : $form;
        if ($params === []) {
            throw new Refusal('there are no parameters', -4);
        }
        if (self::required($params, 'pid') !== $this->pid) {
            throw new Refusal('there is no such merchant', -1);
        }
        $this->checkSignature($params);
        $order = [
            'out_trade_no' => self::required($params, 'out_trade_no'),
            'notify_url' => self::required($params, 'notify_url'),
            'return_url' => self::required($params, 'return_url'),
            'name' => self::goods(self::required($params, 'name')),
            'money' => self::yuan(self::fen(self::required($params, 'money'))),
            'type' => self::text($params, 'type'),
            'param' => self::text($params, 'param'),
        ];
        $known = $this->load($order['out_trade_no']);
        if ($known !== null) {
            if ($known['status'] !== 0) {
                throw new Refusal('the order is paid', -1);
            }
            if (array_diff_assoc($order, $known) !== []) {
                throw new Refusal('the order was sent before with other parameters', -1);
            }
            return "ok {$known['trade_no']}";
        }
        $order += [
            'trade_no' => $this->number(), 'status' => 0, 'refunded' => 0, 'addtime' => date('Y-m-d H:i:s'),
            'endtime' => null,
        ];
        $this->store($order);
        return "ok {$order['trade_no']}";
    }

    /** Some numbers are numbers and some are text, as programs differ. */
    public function order(array $query): array
    {
        $this->checkKey($query);
        $order = $this->find($query);
        $answer = [
            'code' => 1, 'msg' => 'found', 'trade_no' => $order['trade_no'],
            'out_trade_no' => $order['out_trade_no'],
            'api_trade_no' => $order['status'] === 0 ? null : "api{$order['trade_no']}", 'type' => $order['type'],
            'pid' => (int) $this->pid, 'addtime' => $order['addtime'], 'endtime' => $order['endtime'],
            'name' => $order['name'], 'money' => $order['money'], 'param' => $order['param'], 'buyer' => null,
            'status' => (string) $order['status'],
        ];
        if ($order['refunded'] > 0) {
            $answer['refundmoney'] = self::yuan($order['refunded']);
        }
        return $answer;
    }

    /** The order is refunded when nothing is left; until then it stays paid and shows what was given back. */
    public function refund(array $form): array
    {
        $this->checkKey($form);
        if (!$this->refunds) {
            throw new Refusal('refunds are switched off', -1);
        }
        $order = $this->find($form);
        if ($order['status'] === 0) {
            throw new Refusal('the order is not paid', -1);
        }
        $fen = self::fen(self::required($form, 'money'));
        $paid = self::fen($order['money']);
        if ($fen > $paid - $order['refunded']) {
            throw new Refusal('more than what is left of the order', -1);
        }
        $order['refunded'] += $fen;
        $order['status'] = $order['refunded'] === $paid ? 2 : 1;
        $this->store($order);
        $number = $this->number();
        return [
            'code' => 0, 'refund_no' => $number, 'out_refund_no' => $number, 'trade_no' => $order['trade_no'],
            'out_trade_no' => $order['out_trade_no'], 'uid' => (int) $this->pid, 'money' => self::yuan($fen),
            'msg' => 'refunded ' . self::yuan($fen),
        ];
    }

    /** Money is printed as a float and texts are escaped for HTML, as in the programs that are in use. */
    public function pay(array $query): string
    {
        $order = $this->find($query);
        if ($order['status'] === 0) {
            $order['status'] = 1;
            $order['endtime'] = date('Y-m-d H:i:s');
            $this->store($order);
        }
        $notice = [
            'pid' => $this->pid, 'trade_no' => $order['trade_no'], 'out_trade_no' => $order['out_trade_no'],
            'type' => $order['type'] === '' ? 'alipay' : $order['type'],
            'name' => htmlspecialchars($order['name'], ENT_QUOTES), 'money' => (string) (float) $order['money'],
            'trade_status' => 'TRADE_SUCCESS',
        ];
        if ($order['param'] !== '') {
            $notice['param'] = htmlspecialchars($order['param'], ENT_QUOTES);
        }
        $notice['sign'] = $this->sign($notice);
        $notice['sign_type'] = 'MD5';
        return http_build_query($notice);
    }

    public function api(array $query, array $form): array
    {
        return match (self::text($query, 'act')) {
            'order' => $this->order($query),
            'refund' => $this->refund($form !== [] ? $form : throw new Refusal('there are no parameters', -4)),
            default => throw new Refusal('there is no such act', -5),
        };
    }

    /** One request at a time, whatever the number of workers. */
    public function answer(string $path): void
    {
        $lock = fopen("{$this->folder}/lock", 'c');
        flock($lock, LOCK_EX);
        $isJSON = str_ends_with($path, '/api.php');
        try {
            $answer = match (true) {
                $isJSON => $this->api($_GET, $_POST),
                str_ends_with($path, '/submit.php') => $this->submit($_GET, $_POST),
                str_ends_with($path, '/control/pay') => $this->pay($_GET),
                default => throw new Refusal('there is no such address', -5),
            };
        } catch (Refusal $refusal) {
            // The status stays 200, as in the programs that are in use.
            $reason = $refusal->getMessage();
            $answer = $isJSON ? ['code' => $refusal->getCode(), 'msg' => $reason] : "error $reason";
        }
        header('Content-Type: ' . ($isJSON ? 'application/json' : 'text/plain') . '; charset=utf-8');
        echo $isJSON ? json_encode($answer, JSON_UNESCAPED_UNICODE) : $answer;
    }
}

(new Gateway())->answer((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
