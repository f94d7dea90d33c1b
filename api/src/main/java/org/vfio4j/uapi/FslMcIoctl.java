// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/** Device-control calls of the fsl-mc bus (kernel: {@code include/uapi/linux/fsl_mc.h}). Spec: fsl-mc §10.4. */
public final class FslMcIoctl {
    /**
     * {@code FSL_MC_SEND_MC_COMMAND}, of {@code /dev/dprc.N}: {@code _IOWR('R', 0xe0, struct fsl_mc_command)}. The argument
     * points to {@link #COMMAND_LENGTH} bytes, a command that is replaced by its answer.
     */
    public static final int FSL_MC_SEND_MC_COMMAND = 0xc04052e0;

    /** Bytes of {@code struct fsl_mc_command}: a header and seven words of parameters, 64 bits each. */
    public static final int COMMAND_LENGTH = 64;

    private FslMcIoctl() {}
}
