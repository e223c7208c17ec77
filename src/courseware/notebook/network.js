// The browser's half of courseware.notebook.network: runs a trained network that Python has described, without a
// kernel. Numbers are in float64, weights come in float32. Every array of numbers is made once and used again, so that
// a stroke of the pen leaves nothing behind to be tidied up.

const networkSize = (shape) => shape.reduce((product, side) => product * side, 1);

function networkBytes(text) {
  const binary = atob(text);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
}

// How far apart neighbours along each axis lie.
function networkStrides(shape) {
  const strides = new Array(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// For each number of an array of `shape`: its place in an array of `own`, which is repeated where a side is 1.
function networkPlaces(shape, own) {
  const padded = [...new Array(shape.length - own.length).fill(1), ...own];
  const inOwn = networkStrides(padded);
  const inAll = networkStrides(shape);
  const places = new Int32Array(networkSize(shape));
  for (let at = 0; at < places.length; at += 1) {
    for (let axis = 0; axis < shape.length; axis += 1) {
      if (padded[axis] > 1) places[at] += (Math.floor(at / inAll[axis]) % shape[axis]) * inOwn[axis];
    }
  }
  return places;
}

// The places of `shape` in groups: the first of each group, and the steps from it to all of them.
function networkGroups(shape, over) {
  const strides = networkStrides(shape);
  const among = (axes) => {
    let found = [0];
    for (const axis of axes) {
      found = found.flatMap((from) => Array.from({ length: shape[axis] }, (_, i) => from + i * strides[axis]));
    }
    return Int32Array.from(found);
  };
  const kept = shape.map((_, axis) => axis).filter((axis) => !over.includes(axis));
  return { first: among(kept), steps: among(over) };
}

// ---------------------------------------------------------------------------------------------- operations
// Each prepares a step once and returns what is to be done whenever the numbers in `from` have changed: fill `out`.
// An array is { shape, data }.
const eachNumber = (value) => ([a], out) => () => {
  for (let at = 0; at < out.data.length; at += 1) out.data[at] = value(a.data[at]);
};

const ofTwo = (value) => ([a, b], out) => {
  const [inA, inB] = [networkPlaces(out.shape, a.shape), networkPlaces(out.shape, b.shape)];
  return () => {
    for (let at = 0; at < out.data.length; at += 1) out.data[at] = value(a.data[inA[at]], b.data[inB[at]]);
  };
};

const ofGroups = (start, add, finish = (value) => value) => ([a], out, { over }) => {
  const { first, steps } = networkGroups(a.shape, over);
  return () => {
    for (let at = 0; at < first.length; at += 1) {
      let value = start;
      for (let i = 0; i < steps.length; i += 1) value = add(value, a.data[first[at] + steps[i]]);
      out.data[at] = finish(value, steps.length);
    }
  };
};

const ofWindows = (start, add, finish) => ([a], out, { size, stride }) => {
  const [height, width] = a.shape.slice(-2);
  const [rows, columns] = out.shape.slice(-2);
  return () => {
    let at = 0;
    for (let plane = 0; plane < out.data.length / (rows * columns); plane += 1) {
      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          const corner = (plane * height + row * stride[0]) * width + column * stride[1];
          let value = start;
          for (let r = 0; r < size[0]; r += 1) {
            for (let c = 0; c < size[1]; c += 1) value = add(value, a.data[corner + r * width + c]);
          }
          out.data[at] = finish(value, size[0] * size[1]);
          at += 1;
        }
      }
    }
  };
};

function convolution([a, kernel, bias], out, { stride, padding, dilation, groups }) {
  const [pictures, channels, height, width] = a.shape;
  const [, outChannels, rows, columns] = out.shape;
  const [, perGroup, kernelRows, kernelColumns] = kernel.shape;
  const wide = width + 2 * padding[1];
  const high = height + 2 * padding[0];
  const padded = new Float64Array(channels * high * wide); // its border stays 0
  const small = kernelRows === 3 && kernelColumns === 3 && [...stride, ...dilation].every((each) => each === 1);

  // What one channel adds to a map. All in local names, which the browser's compiler keeps in registers.
  function addPlane(made, from, into, weights) {
    const source = padded;
    const step = stride[1];
    for (let r = 0; r < kernelRows; r += 1) {
      for (let c = 0; c < kernelColumns; c += 1) {
        const weight = kernel.data[weights + r * kernelColumns + c];
        for (let row = 0; row < rows; row += 1) {
          const begin = from + (row * stride[0] + r * dilation[0]) * wide + c * dilation[1];
          const at = into + row * columns;
          for (let column = 0; column < columns; column += 1) {
            made[at + column] += weight * source[begin + column * step];
          }
        }
      }
    }
  }

  // The usual one, 3 × 3: nine weights at once, so that what is made is read and written once in place of nine times.
  function addNine(made, from, into, weights) {
    const source = padded;
    const values = kernel.data;
    const a0 = values[weights];
    const a1 = values[weights + 1];
    const a2 = values[weights + 2];
    const b0 = values[weights + 3];
    const b1 = values[weights + 4];
    const b2 = values[weights + 5];
    const c0 = values[weights + 6];
    const c1 = values[weights + 7];
    const c2 = values[weights + 8];
    for (let row = 0; row < rows; row += 1) {
      const above = from + row * wide;
      const here = above + wide;
      const below = here + wide;
      const at = into + row * columns;
      for (let column = 0; column < columns; column += 1) {
        made[at + column] += a0 * source[above + column] + a1 * source[above + column + 1]
          + a2 * source[above + column + 2] + b0 * source[here + column] + b1 * source[here + column + 1]
          + b2 * source[here + column + 2] + c0 * source[below + column] + c1 * source[below + column + 1]
          + c2 * source[below + column + 2];
      }
    }
  }
  const add = small ? addNine : addPlane;

  return () => {
    for (let picture = 0; picture < pictures; picture += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        for (let row = 0; row < height; row += 1) {
          const from = ((picture * channels + channel) * height + row) * width;
          padded.set(a.data.subarray(from, from + width), (channel * high + row + padding[0]) * wide + padding[1]);
        }
      }
      for (let channel = 0; channel < outChannels; channel += 1) {
        const into = (picture * outChannels + channel) * rows * columns;
        out.data.fill(bias ? bias.data[channel] : 0, into, into + rows * columns);
        const group = Math.floor(channel / (outChannels / groups));
        for (let i = 0; i < perGroup; i += 1) {
          const weights = (channel * perGroup + i) * kernelRows * kernelColumns;
          add(out.data, (group * perGroup + i) * high * wide, into, weights);
        }
      }
    }
  };
}

function linear([a, weight, bias], out) {
  const [outputs, inputs] = weight.shape;
  return () => {
    for (let at = 0; at < out.data.length; at += 1) {
      const output = at % outputs;
      const from = ((at - output) / outputs) * inputs;
      let value = bias ? bias.data[output] : 0;
      for (let i = 0; i < inputs; i += 1) value += weight.data[output * inputs + i] * a.data[from + i];
      out.data[at] = value;
    }
  };
}

function matmul([a, b], out) {
  const [rows, inner] = a.shape.slice(-2);
  const columns = b.shape.at(-1);
  const batches = out.shape.slice(0, -2);
  const [inA, inB] = [a, b].map((each) => networkPlaces(batches, each.shape.slice(0, -2)));
  return () => {
    let at = 0;
    for (let batch = 0; batch < inA.length; batch += 1) {
      const [fromA, fromB] = [inA[batch] * rows * inner, inB[batch] * inner * columns];
      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
          let value = 0;
          for (let i = 0; i < inner; i += 1) {
            value += a.data[fromA + row * inner + i] * b.data[fromB + i * columns + column];
          }
          out.data[at] = value;
          at += 1;
        }
      }
    }
  };
}

function softmax([a], out, { over }) {
  const { first, steps } = networkGroups(a.shape, over);
  return () => {
    for (const begin of first) {
      let largest = -Infinity;
      let sum = 0;
      for (const step of steps) largest = Math.max(largest, a.data[begin + step]);
      for (const step of steps) sum += out.data[begin + step] = Math.exp(a.data[begin + step] - largest);
      for (const step of steps) out.data[begin + step] /= sum;
    }
  };
}

function scaleAndShift([a, scale, shift], out) {
  const channels = scale.data.length;
  const each = a.shape.length > 2 ? networkSize(a.shape.slice(2)) : 1;
  return () => {
    for (let at = 0; at < out.data.length; at += 1) {
      const channel = Math.floor(at / each) % channels;
      out.data[at] = a.data[at] * scale.data[channel] + shift.data[channel];
    }
  };
}

// Numbers in another order: those of all arguments one after the other, and which of them stands where.
function take(from, out, { index }) {
  if (!index) return () => out.data.set(from[0].data);
  const places = new Int32Array(networkBytes(index));
  const all = new Float64Array(from.reduce((sum, { data }) => sum + data.length, 0));
  return () => {
    let begin = 0;
    for (const { data } of from) {
      all.set(data, begin);
      begin += data.length;
    }
    for (let at = 0; at < places.length; at += 1) out.data[at] = all[places[at]];
  };
}

const NETWORK_OPERATIONS = {
  convolution,
  linear,
  matmul,
  softmax,
  take,
  scale_and_shift: scaleAndShift,
  max_pool: ofWindows(-Infinity, Math.max, (value) => value),
  mean_pool: ofWindows(0, (sum, value) => sum + value, (sum, count) => sum / count),
  sum: ofGroups(0, (sum, value) => sum + value),
  mean: ofGroups(0, (sum, value) => sum + value, (sum, count) => sum / count),
  max: ofGroups(-Infinity, Math.max),
  add: ofTwo((a, b) => a + b),
  subtract: ofTwo((a, b) => a - b),
  multiply: ofTwo((a, b) => a * b),
  divide: ofTwo((a, b) => a / b),
  relu: eachNumber((a) => Math.max(a, 0)),
  sigmoid: eachNumber((a) => 1 / (1 + Math.exp(-a))),
  exp: eachNumber(Math.exp),
  tanh: eachNumber(Math.tanh),
};

// A function from the numbers of the input to the outputs by name, each { shape, data }. Their data are overwritten
// when it is called again.
function networkOf({ shape, steps, outputs, weights }) {
  const numbers = new Float32Array(networkBytes(weights.data));
  let begin = 0;
  const constants = weights.shapes.map((own) => {
    const data = Float64Array.from(numbers.subarray(begin, (begin += networkSize(own))));
    return { shape: own, data };
  });
  const values = [{ shape, data: new Float64Array(networkSize(shape)) }];
  const work = steps.map(({ operation, from, shape: own, options }) => {
    const out = { shape: own, data: new Float64Array(networkSize(own)) };
    const taken = from.map((number) => (number < 0 ? constants[-number - 1] : values[number]));
    values.push(out);
    return NETWORK_OPERATIONS[operation](taken, out, options);
  });
  return (input) => {
    values[0].data.set(input);
    for (const run of work) run();
    return Object.fromEntries(Object.entries(outputs).map(([name, number]) => [name, values[number]]));
  };
}
