// SPDX-License-Identifier: Apache-2.0
/**
 * The program's processes and threads as callers: memory, descriptors, credentials and limits, looked at through {@code /proc},
 * {@code process_vm_readv} and pidfds.
 */
package org.vfio4j.runner.process;
