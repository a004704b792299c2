;; Answers, rejects or traps, as its caller asks. Keeps no state.
(module
  (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
  (import "ic0" "msg_arg_data_copy" (func $arg_copy (param $to i32) (param $offset i32) (param $size i32)))
  (import "ic0" "msg_reply_data_append" (func $append (param $from i32) (param $size i32)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reject" (func $reject (param $from i32) (param $size i32)))
  (import "ic0" "trap" (func $trap (param $from i32) (param $size i32)))

  (memory (export "memory") 1)
  (data (i32.const 64) "callee: refused on request")
  (data (i32.const 96) "callee: trapped on request")
  (data (i32.const 128) "callee: expected one nat64")

  (func (export "canister_update double")
    (if (i32.ne (call $arg_size) (i32.const 15))
      (then (call $trap (i32.const 128) (i32.const 26))))
    (call $arg_copy (i32.const 0) (i32.const 0) (i32.const 15))
    ;; Candid: (nat64). The answer has the same type, so its first seven bytes stay as they came.
    (if (i64.ne
          (i64.and (i64.load (i32.const 0)) (i64.const 0x00ffffffffffffff))
          (i64.const 0x0078_0100_4c44_4944))
      (then (call $trap (i32.const 128) (i32.const 26))))
    (i64.store (i32.const 7) (i64.shl (i64.load (i32.const 7)) (i64.const 1)))
    (call $append (i32.const 0) (i32.const 15))
    (call $reply))

  (func (export "canister_update refuse")
    (call $reject (i32.const 64) (i32.const 26)))

  (func (export "canister_update trap")
    (call $trap (i32.const 96) (i32.const 26)))

  ;; Returns without an answer: the system rejects in its name.
  (func (export "canister_update silent")))
