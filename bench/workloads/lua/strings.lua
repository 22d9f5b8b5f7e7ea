-- Formats, matches, replaces, sorts by a callback, counts in hash tables.
local n = tonumber(arg[1])
local seed = 42
local function random(limit)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % limit
end

local lines, counts = {}, {}
for i = 1, n do
  local words = {}
  for j = 1, 8 do
    words[j] = string.format("%s%d", string.char(97 + random(26), 97 + random(26)), random(100))
  end
  lines[i] = table.concat(words, " ")
end
for _, line in ipairs(lines) do
  for word in line:gmatch("%a+") do counts[word] = (counts[word] or 0) + 1 end
end
local replaced = 0
for i, line in ipairs(lines) do
  local text, times = line:gsub("(%a)(%a)(%d+)", "%2%1-%3")
  lines[i], replaced = text:upper(), replaced + times
end
table.sort(lines, function(a, b) return a < b end)
local keys = {}
for key in pairs(counts) do keys[#keys + 1] = key end
table.sort(keys, function(a, b)
  if counts[a] ~= counts[b] then return counts[a] > counts[b] end
  return a < b
end)
print(replaced, lines[1], lines[n])
for i = 1, 10 do print(keys[i], counts[keys[i]]) end
