# SPDX-License-Identifier: Apache-2.0
# The boot sector of a virtual machine that drives an edu device at bus 0, device 1: copies memory through it by DMA, makes it
# interrupt, and tells the outcome on QEMU's debug console, one line for each.

.equ CONFIG_ADDRESS, 0xcf8
.equ CONFIG_DATA, 0xcfc
.equ DEVICE, 0x80000800
.equ DEBUG_CONSOLE, 0xe9
.equ DEBUG_EXIT, 0xf4
.equ SLAVE_PIC, 0xa0

.equ SOURCE, 0x20000
.equ TARGET, 0x30000
.equ WORDS, 64

# Registers of the device.
.equ RAISE, 0x60
.equ ACKNOWLEDGE, 0x64
.equ DMA_SOURCE, 0x80
.equ DMA_TARGET, 0x88
.equ DMA_COUNT, 0x90
.equ DMA_COMMAND, 0x98
.equ BUFFER, 0x40000

.code16
.globl _start
_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    lgdt descriptors
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmp $8, $protected

.code32
protected:
    movw $16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0x7c00, %esp

    movl $DEVICE + 0x3c, %eax           # interrupt line, as the firmware chose it
    call config
    inl %dx, %eax
    movb %al, line
    movl $DEVICE + 0x10, %eax           # BAR 0
    call config
    inl %dx, %eax
    andl $0xfffffff0, %eax
    movl %eax, %ebp
    movl $DEVICE + 4, %eax              # memory and bus master on
    call config
    movw $6, %ax
    outw %ax, %dx

    movl $SOURCE, %edi
    movl $WORDS, %ecx
    movl $0x12345678, %eax
1:  stosl
    imull $1664525, %eax, %eax
    addl $1013904223, %eax
    loop 1b

    movl $SOURCE, %eax
    movl $BUFFER, %ebx
    movl $1, %ecx
    call dma
    movl $BUFFER, %eax
    movl $TARGET, %ebx
    movl $3, %ecx
    call dma
    movl $SOURCE, %esi
    movl $TARGET, %edi
    movl $WORDS, %ecx
    repe cmpsl
    movl $dma_text, %esi
    call tell

    movl $1, RAISE(%ebp)
    movb $1, %bl
    call await
    pushf
    movl $1, ACKNOWLEDGE(%ebp)
    popf
    movl $interrupt_text, %esi
    call tell
    xorb %bl, %bl
    call await
    movl $end_text, %esi
    call tell

    xorb %al, %al
    movw $DEBUG_EXIT, %dx
    outb %al, %dx
    hlt

# Moves WORDS words from eax to ebx; ecx is the command.
dma:
    movl %eax, DMA_SOURCE(%ebp)
    movl %ebx, DMA_TARGET(%ebp)
    movl $WORDS * 4, DMA_COUNT(%ebp)
    movl %ecx, DMA_COMMAND(%ebp)
1:  testl $1, DMA_COMMAND(%ebp)
    jnz 1b
    ret

# Waits until the device's line is (bl 1) or is not (bl 0) raised at the second interrupt controller; zero flag: it came.
await:
    movl $50000000, %ecx
    movb $0x0a, %al                     # read requests, not those in service
    outb %al, $SLAVE_PIC
1:  inb $SLAVE_PIC, %al
    movb line, %dl
    subb $8, %dl
    movzbl %al, %eax
    movzbl %dl, %edx
    btl %edx, %eax
    setc %al
    cmpb %bl, %al
    je 2f
    decl %ecx
    jnz 1b
    orl $1, %ecx
2:  ret

# Tells esi and whether the zero flag is set.
tell:
    movl $good, %edi
    je 1f
    movl $bad, %edi
1:  call print
    movl %edi, %esi
print:
    lodsb
    testb %al, %al
    jz 1f
    outb %al, $DEBUG_CONSOLE
    jmp print
1:  ret

config:
    movw $CONFIG_ADDRESS, %dx
    outl %eax, %dx
    movw $CONFIG_DATA, %dx
    ret

dma_text: .asciz "DMA"
interrupt_text: .asciz "interrupt"
end_text: .asciz "end of interrupt"
good: .asciz ": good\n"
bad: .asciz ": bad\n"
line: .byte 0

.balign 8
table: .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
descriptors:
    .word . - table - 1
    .long table
.org 510
    .word 0xaa55
