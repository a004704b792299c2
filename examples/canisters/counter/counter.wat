;; A counter whose number lives in stable memory, so that an upgrade keeps it without any hook.
;;
;; Memory: [0, 64) the reply under construction; [64, 256) constants; [256, 512) the argument;
;; [512, 65536) the certificate.
(module
  (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
  (import "ic0" "msg_arg_data_copy" (func $arg_copy (param $to i32) (param $offset i32) (param $size i32)))
  (import "ic0" "msg_reply_data_append" (func $append (param $from i32) (param $size i32)))
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reject" (func $reject (param $from i32) (param $size i32)))
  (import "ic0" "trap" (func $trap (param $from i32) (param $size i32)))
  (import "ic0" "stable64_grow" (func $stable_grow (param $pages i64) (result i64)))
  (import "ic0" "stable64_read" (func $stable_read (param $to i64) (param $offset i64) (param $size i64)))
  (import "ic0" "stable64_write" (func $stable_write (param $offset i64) (param $from i64) (param $size i64)))
  (import "ic0" "certified_data_set" (func $certify (param $from i32) (param $size i32)))
  (import "ic0" "data_certificate_present" (func $certificate_present (result i32)))
  (import "ic0" "data_certificate_size" (func $certificate_size (result i32)))
  (import "ic0" "data_certificate_copy" (func $certificate_copy (param $to i32) (param $offset i32) (param $size i32)))

  (memory (export "memory") 1)

  ;; Candid: (nat64), with room for the number at 7.
  (data (i32.const 0) "DIDL\00\01\78")
  ;; Candid: (nat64, opt blob), with the number sent after it.
  (data (i32.const 64) "DIDL\02\6e\01\6d\7b\02\78\00")
  ;; Candid: ().
  (data (i32.const 80) "DIDL\00\00")
  (data (i32.const 96) "counter: trapped on request")
  (data (i32.const 128) "counter: refused on request")
  (data (i32.const 160) "counter: expected one nat64")

  (func $load (call $stable_read (i64.const 7) (i64.const 0) (i64.const 8)))

  ;; Stores the number at 7 and certifies its eight bytes, little-endian.
  (func $store
    (call $stable_write (i64.const 0) (i64.const 7) (i64.const 8))
    (call $certify (i32.const 7) (i32.const 8)))

  (func $reply_number
    (call $append (i32.const 0) (i32.const 15))
    (call $reply))

  (func $add_one
    (call $load)
    (i64.store (i32.const 7) (i64.add (i64.load (i32.const 7)) (i64.const 1)))
    (call $store))

  (func $append_byte (param $byte i32)
    (i32.store8 (i32.const 48) (local.get $byte))
    (call $append (i32.const 48) (i32.const 1)))

  (func $append_leb128 (param $value i32)
    (loop $more
      (if (i32.ge_u (local.get $value) (i32.const 128))
        (then
          (call $append_byte (i32.or (i32.and (local.get $value) (i32.const 127)) (i32.const 128)))
          (local.set $value (i32.shr_u (local.get $value) (i32.const 7)))
          (br $more))))
    (call $append_byte (local.get $value)))

  (func (export "canister_init")
    (drop (call $stable_grow (i64.const 1)))
    (call $store))

  (func (export "canister_update increment")
    (call $add_one)
    (call $reply_number))

  (func (export "canister_update set")
    (if (i32.ne (call $arg_size) (i32.const 15))
      (then (call $trap (i32.const 160) (i32.const 27))))
    (call $arg_copy (i32.const 256) (i32.const 0) (i32.const 15))
    ;; The seven bytes of type information are those of our own replies.
    (if (i64.ne
          (i64.and (i64.load (i32.const 256)) (i64.const 0x00ffffffffffffff))
          (i64.const 0x0078_0100_4c44_4944))
      (then (call $trap (i32.const 160) (i32.const 27))))
    (i64.store (i32.const 7) (i64.load (i32.const 263)))
    (call $store)
    (call $append (i32.const 80) (i32.const 6))
    (call $reply))

  ;; Counts first, so that a caller can see that a trap undoes what came before it.
  (func (export "canister_update trap")
    (call $add_one)
    (call $trap (i32.const 96) (i32.const 27)))

  ;; Counts first: a reject, unlike a trap, undoes nothing.
  (func (export "canister_update refuse")
    (call $add_one)
    (call $reject (i32.const 128) (i32.const 27)))

  (func (export "canister_query read")
    (call $load)
    (call $reply_number))

  (func (export "canister_query read_certified")
    (local $size i32)
    (call $load)
    (call $append (i32.const 64) (i32.const 12))
    (call $append (i32.const 7) (i32.const 8))
    (if (call $certificate_present)
      (then
        (local.set $size (call $certificate_size))
        (call $certificate_copy (i32.const 512) (i32.const 0) (local.get $size))
        (call $append_byte (i32.const 1))
        (call $append_leb128 (local.get $size))
        (call $append (i32.const 512) (local.get $size)))
      (else (call $append_byte (i32.const 0))))
    (call $reply)))
