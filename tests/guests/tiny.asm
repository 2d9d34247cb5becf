; A guest in one boot sector, for the tests that need many quick lives: up in 0.1 s under emulation, idle without a
; wake-up. It runs on QEMU's `q35` and `pc` machines with SeaBIOS (power management at 0x600) and talks on COM1.
;
; It prints MARKER-UP when it has booted, then obeys single bytes:
;   p  powers off (ACPI S5)                       r  resets (port 0xcf9)
;   k  panics (pvpanic, port 0x505)               h  halts for good, with interrupts off
;   t  meets a triple fault
;   s  spins for good, deaf to everything         i  ignores the power button from now on, or no longer
;   e  sends back what follows, up to a newline   f  floods the console with lines until the next byte
; A press of the power button prints MARKER-PB and powers off, unless it is being ignored.

        bits 16
        org 0x7c00

COM1            equ 0x3f8
PM1_STATUS      equ 0x600
PM1_ENABLE      equ 0x602
PM1_CONTROL     equ 0x604
POWER_BUTTON    equ 0x0100
SLEEP_S5        equ 0x2000
PVPANIC         equ 0x505
PVPANIC_PANICKED equ 1
RESET_CONTROL   equ 0xcf9

start:
        jmp 0:main
main:
        cli
        cld
        xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, 0x7c00

        mov word [0x0c * 4], on_serial          ; IRQ 4
        mov [0x0c * 4 + 2], ax
        mov word [0x71 * 4], on_power           ; IRQ 9, the SCI
        mov [0x71 * 4 + 2], ax

        ; 8 bits, no parity; FIFOs on, and an interrupt for each byte that comes in.
        mov dx, COM1 + 3
        mov al, 3
        out dx, al
        mov dl, (COM1 + 2) & 0xff
        mov al, 1
        out dx, al
        mov dl, (COM1 + 4) & 0xff
        mov al, 0x0b
        out dx, al
        mov dl, (COM1 + 1) & 0xff
        mov al, 1
        out dx, al

        ; Forget a press from before the reset, then ask for new ones.
        mov dx, PM1_STATUS
        mov ax, POWER_BUTTON
        out dx, ax
        mov dl, PM1_ENABLE & 0xff
        out dx, ax

        ; Only these interrupts, and the timer stopped after one last shot: an idle guest must not wake its host up.
        mov al, 0x30
        out 0x43, al
        out 0x40, al
        out 0x40, al
        mov al, ~((1 << 4) | (1 << 2)) & 0xff
        out 0x21, al
        mov al, ~(1 << 1) & 0xff
        out 0xa1, al

        mov si, text_up
        call print

wait_for_work:
        cli
        cmp byte [pressed], 0
        jne power_button
        call poll
        jnz command
        sti                                     ; takes effect after the next instruction: no wake-up is lost
        hlt
        jmp wait_for_work

power_button:
        mov byte [pressed], 0
        mov si, text_button
        call print
        cmp byte [ignoring], 0
        jne wait_for_work
power_off:
        mov dx, PM1_CONTROL
        mov ax, SLEEP_S5
        out dx, ax
        jmp stop

command:
        call receive
        cmp al, 'p'
        je power_off
        cmp al, 'r'
        je reset
        cmp al, 'k'
        je panic
        cmp al, 'h'
        je stop
        cmp al, 't'
        je triple_fault
        cmp al, 's'
        je $
        cmp al, 'i'
        je ignore
        cmp al, 'e'
        je echo
        cmp al, 'f'
        je flood
        jmp wait_for_work

reset:
        mov dx, RESET_CONTROL
        mov al, 2
        out dx, al
        mov al, 6
        out dx, al
        jmp stop

triple_fault:                                   ; without a table of interrupts there is none for the fault either
        lidt [no_interrupts]
        int3
        jmp stop

panic:
        mov dx, PVPANIC
        mov al, PVPANIC_PANICKED
        out dx, al
stop:
        cli
        hlt
        jmp stop

ignore:
        xor byte [ignoring], 1
        mov si, text_ignore_off
        jz .tell
        mov si, text_ignore_on
.tell:
        call print
        jmp wait_for_work

echo:
        mov si, text_echo
        call print
.next:
        call receive
        cmp al, 13
        je .end
        cmp al, 10
        je .end
        call send
        jmp .next
.end:
        mov si, text_newline
        call print
        jmp wait_for_work

flood:
        mov si, text_flood
        call print
        call poll
        jz flood
        call receive
        mov si, text_flood_end
        call print
        jmp wait_for_work

; al = the next byte, however long it takes; changes dx.
receive:
        cli
        call poll
        jnz .there
        sti
        hlt
        jmp receive
.there:
        mov dx, COM1
        in al, dx
        ret

; Zero flag clear: a byte is there; changes ax, dx.
poll:
        mov dx, COM1 + 5
        in al, dx
        test al, 1
        ret

; Sends al; changes dx, ah.
send:
        mov ah, al
        mov dx, COM1 + 5
.full:
        in al, dx
        test al, 0x20
        jz .full
        mov al, ah
        mov dx, COM1
        out dx, al
        ret

; Sends the text at si; changes ax, dx, si.
print:
        lodsb
        test al, al
        jz .end
        call send
        jmp print
.end:
        ret

on_serial:                                      ; its only work is to end a `hlt`
        push ax
        jmp end_of_interrupt
on_power:
        push ax
        push dx
        mov dx, PM1_STATUS
        mov ax, POWER_BUTTON
        out dx, ax                              ; lowers the line
        mov byte [pressed], 1
        mov al, 0x20
        out 0xa0, al
        pop dx
end_of_interrupt:
        mov al, 0x20
        out 0x20, al
        pop ax
        iret

no_interrupts   dw 0, 0, 0
pressed         db 0
ignoring        db 0
text_up         db "MARKER-UP"
text_newline    db 13, 10, 0
text_button     db "MARKER-PB", 13, 10, 0
text_ignore_on  db "MARKER-IGNORE on", 13, 10, 0
text_ignore_off db "MARKER-IGNORE off", 13, 10, 0
text_echo       db "MARKER-ECHO ", 0
text_flood      db "MARKER-FLOOD 0123456789abcdefghijklmnopqrstuvwxyz", 13, 10, 0
text_flood_end  db "MARKER-FLOOD-END", 13, 10, 0

        times 510 - ($ - $$) db 0
        dw 0xaa55

        times 1048576 - ($ - $$) db 0           ; SeaBIOS reads no disk of less than one cylinder (504 KiB)
