;; Calls a canister and passes on what it answers.
;;
;; Every update takes Candid (principal, text, nat64): whom to call, which method, with which number.
;; Memory: [0, 1024) constants and scratch; [1024, 2048) our argument; [2048, 65536) the other's answer.
(module
  (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
  (import "ic0" "msg_arg_data_copy" (func $arg_copy (param $to i32) (param $offset i32) (param $size i32)))
  (import "ic0" "msg_reject_code" (func $reject_code (result i32)))
  (import "ic0" "msg_reject_msg_size" (func $reject_size (result i32)))
  (import "ic0" "msg_reject_msg_copy" (func $reject_copy (param $to i32) (param $offset i32) (param $size i32)))
  (import "ic0" "msg_reply_data_append" (func $append (param $from i32) (param $size i32)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reject" (func $reject (param $from i32) (param $size i32)))
  (import "ic0" "trap" (func $trap (param $from i32) (param $size i32)))
  (import "ic0" "call_new" (func $call_new
    (param $callee i32) (param $callee_size i32) (param $method i32) (param $method_size i32)
    (param $on_reply i32) (param $reply_data i32) (param $on_reject i32) (param $reject_data i32)))
  (import "ic0" "call_data_append" (func $call_data_append (param $from i32) (param $size i32)))
  (import "ic0" "call_on_cleanup" (func $call_on_cleanup (param $function i32) (param $data i32)))
  (import "ic0" "call_perform" (func $call_perform (result i32)))

  (memory (export "memory") 1)

  ;; Candid: (nat64).
  (data (i32.const 0) "DIDL\00\01\78")
  ;; Candid: (nat32, text).
  (data (i32.const 32) "DIDL\00\02\79\71")
  (data (i32.const 64) "caller: trapped after the answer")
  (data (i32.const 128) "caller: the call could not be made")
  (data (i32.const 192) "caller: expected (principal, text, nat64)")
  ;; Candid: (principal, text, nat64), and the mark of a principal given by its bytes.
  (data (i32.const 256) "DIDL\00\03\68\71\78\01")

  (table funcref (elem $pass_on_reply $pass_on_reject $report_reply $report_reject $trap_on_reply $count_cleanup))
  (global $pass_on i32 (i32.const 0))
  (global $report i32 (i32.const 2))
  (global $trap_after i32 (i32.const 4))
  (global $cleanup i32 (i32.const 5))

  ;; Not in stable memory: an upgrade starts again from zero.
  (global $cleanups (mut i64) (i64.const 0))

  (func $malformed (call $trap (i32.const 192) (i32.const 41)))

  ;; Makes the call that our argument describes.
  (func $make_call (param $on_reply i32) (param $on_reject i32)
    (local $position i32) (local $callee_size i32) (local $method i32) (local $method_size i32)
    (if (i32.or (i32.lt_u (call $arg_size) (i32.const 20)) (i32.gt_u (call $arg_size) (i32.const 512)))
      (then (call $malformed)))
    (call $arg_copy (i32.const 1024) (i32.const 0) (call $arg_size))
    (loop $header
      (if (i32.ne (i32.load8_u offset=1024 (local.get $position)) (i32.load8_u offset=256 (local.get $position)))
        (then (call $malformed)))
      (local.set $position (i32.add (local.get $position) (i32.const 1)))
      (br_if $header (i32.lt_u (local.get $position) (i32.const 10))))
    (local.set $callee_size (i32.load8_u (i32.const 1034)))
    (local.set $method_size (i32.load8_u (i32.add (i32.const 1035) (local.get $callee_size))))
    (local.set $method (i32.add (i32.const 1036) (local.get $callee_size)))
    ;; Ten bytes of header, two of sizes (below 128, so one byte each), the principal, the name, the number.
    (if (i32.ne
          (call $arg_size)
          (i32.add (i32.const 20) (i32.add (local.get $callee_size) (local.get $method_size))))
      (then (call $malformed)))
    (call $call_new
      (i32.const 1035) (local.get $callee_size) (local.get $method) (local.get $method_size)
      (local.get $on_reply) (i32.const 0) (local.get $on_reject) (i32.const 0))
    (call $call_data_append (i32.const 0) (i32.const 7))
    (call $call_data_append (i32.add (local.get $method) (local.get $method_size)) (i32.const 8))
    (call $call_on_cleanup (global.get $cleanup) (i32.const 0))
    (if (call $call_perform)
      (then (call $reject (i32.const 128) (i32.const 34)))))

  (func $append_byte (param $byte i32)
    (i32.store8 (i32.const 24) (local.get $byte))
    (call $append (i32.const 24) (i32.const 1)))

  (func $append_leb128 (param $value i32)
    (loop $more
      (if (i32.ge_u (local.get $value) (i32.const 128))
        (then
          (call $append_byte (i32.or (i32.and (local.get $value) (i32.const 127)) (i32.const 128)))
          (local.set $value (i32.shr_u (local.get $value) (i32.const 7)))
          (br $more))))
    (call $append_byte (local.get $value)))

  (func (export "canister_update forward")
    (call $make_call (global.get $pass_on) (i32.add (global.get $pass_on) (i32.const 1))))

  (func (export "canister_update probe")
    (call $make_call (global.get $report) (i32.add (global.get $report) (i32.const 1))))

  (func (export "canister_update forward_then_trap")
    (call $make_call (global.get $trap_after) (i32.add (global.get $pass_on) (i32.const 1))))

  (func (export "canister_query cleanups")
    (i64.store (i32.const 7) (global.get $cleanups))
    (call $append (i32.const 0) (i32.const 15))
    (call $reply))

  (func $pass_on_reply (param i32)
    (call $arg_copy (i32.const 2048) (i32.const 0) (call $arg_size))
    (call $append (i32.const 2048) (call $arg_size))
    (call $reply))

  (func $pass_on_reject (param i32)
    (call $reject_copy (i32.const 2048) (i32.const 0) (call $reject_size))
    (call $reject (i32.const 2048) (call $reject_size)))

  (func $report_reply (param i32)
    (call $append (i32.const 32) (i32.const 8))
    (i32.store (i32.const 24) (i32.const 0))
    (call $append (i32.const 24) (i32.const 4))
    (call $append_leb128 (i32.const 0))
    (call $reply))

  (func $report_reject (param i32)
    (call $append (i32.const 32) (i32.const 8))
    (i32.store (i32.const 24) (call $reject_code))
    (call $append (i32.const 24) (i32.const 4))
    (call $append_leb128 (call $reject_size))
    (call $reject_copy (i32.const 2048) (i32.const 0) (call $reject_size))
    (call $append (i32.const 2048) (call $reject_size))
    (call $reply))

  (func $trap_on_reply (param i32)
    (call $trap (i32.const 64) (i32.const 32)))

  (func $count_cleanup (param i32)
    (global.set $cleanups (i64.add (global.get $cleanups) (i64.const 1)))))
