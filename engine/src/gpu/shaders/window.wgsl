// How a kernel slides over a map; put before the files of the kernels that do.

override KERNEL_HEIGHT: u32 = 1u;
override KERNEL_WIDTH: u32 = 1u;
override STRIDE_Y: u32 = 1u;
override STRIDE_X: u32 = 1u;
override PAD_Y: u32 = 0u;
override PAD_X: u32 = 0u;
