	addq $8, %rsp
	movl 24(%rsp,%rbx,4), %eax
	jmp 1f
1:	addq $8, %rsp
	movl 16392(%rsp), %eax
	jmp 1f
1:	addq $8, %rsp
	movl 24(%rsp), %eax
	jmp 1f
1:	ud2
